//! Many reviews in one request: JSON lines in, JSON lines out, while both are still on their way.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures::{Stream, StreamExt, stream};
use tokio::sync::Semaphore;
use verdict_messages::Review;

use super::{
    app::App,
    lines::Lines,
    request::RequestHead,
    response::{Responder, Response},
    stream::streamed,
};
use crate::{
    ask::{Answer, AskError, Question},
    problems::{self, HttpProblem},
    publish::Publisher,
};

/// Reviews of one request that wait for their verdict at once; more lines are not read meanwhile.
/// While some are scored, others must be on their way: with 256, ten thousand take twice as long.
const AT_ONCE: usize = 2_000;

/// Bytes of those lines: each may be as long as a body.
const BYTES_AT_ONCE: u32 = 8 << 20;

/// Media type of JSON lines.
const LINES: &str = "application/x-ndjson";

impl<P: Publisher> App<P> {
    /// `POST /api/v1/reviews:batch`: one verdict or problem for each line that is not blank, in the
    /// order of the lines.
    pub(super) fn batch<B: Buf, E>(
        self: Arc<Self>,
        head: RequestHead,
        body: impl Stream<Item = Result<B, E>> + Send + 'static,
    ) -> Response {
        if let Err(problem) = self.admit(&head) {
            return Responder::JSON.problem(&problem);
        }
        let media = head.media_type();
        if !matches!(media.as_str(), LINES | "application/jsonl" | "application/ndjson") {
            return Responder::JSON.problem(&problems::media_type(LINES, &media));
        }
        let most = usize::try_from(self.body.bytes).unwrap_or(usize::MAX);
        let lines = Lines::new(body, most, self.body.read);
        let free = Arc::new(Semaphore::new(BYTES_AT_ONCE as usize));
        let lines = stream::unfold((lines, free), |(mut lines, free)| async move {
            let line = lines.next().await?;
            let size = line.as_ref().map_or(0, Bytes::len).try_into().unwrap_or(u32::MAX);
            let taken = Arc::clone(&free).acquire_many_owned(size.min(BYTES_AT_ONCE)).await;
            Some(((line, taken), (lines, free)))
        });
        let head = Arc::new(head);
        let answers = lines
            .map(move |(line, taken)| {
                let (app, head) = (Arc::clone(&self), Arc::clone(&head));
                async move {
                    let answer = app.line(&head, line).await;
                    drop(taken);
                    answer
                }
            })
            .buffered(AT_ONCE);
        streamed(LINES, answers)
    }

    /// The answer to one line, as a line.
    async fn line(&self, head: &RequestHead, line: Result<Bytes, HttpProblem>) -> Bytes {
        let answer = match line {
            Ok(line) => self.ask_line(head, &line).await,
            Err(problem) => Err(problem),
        };
        let json = match answer {
            Ok(verdict) => verdict.to_vec(),
            Err(problem) => problem.problem.encode().unwrap_or_else(|error| {
                serde_json::json!({ "status": 500, "title": error.to_string() })
                    .to_string()
                    .into_bytes()
            }),
        };
        // A line break of JSON is white space between its parts.
        let on_one_line = json.into_iter().filter(|byte| !matches!(byte, b'\n' | b'\r'));
        on_one_line.chain([b'\n']).collect()
    }

    async fn ask_line(&self, head: &RequestHead, line: &[u8]) -> Result<Bytes, HttpProblem> {
        let review = self.check(Review::from_body(line, "application/json")?)?;
        self.verdict_on(review, head).await
    }

    /// The verdict on one of many reviews, which waits where there is no room for it.
    pub(super) async fn verdict_on(
        &self,
        review: Review<'_>,
        head: &RequestHead,
    ) -> Result<Bytes, HttpProblem> {
        let question = Question {
            review,
            wait: self.default_wait,
            respond_async: false,
            // The request goes on as fast as there is room: nothing is refused for its number.
            waits_for_room: true,
            idempotency: None,
            trace: head.trace(),
        };
        match self.asker.ask(question).await? {
            Answer::Verdict(id, json) => Ok(self.rights.with_token(&id, &json)),
            // Only who asks for it has this.
            Answer::Accepted(id) => Err(AskError::TimedOut(id, self.default_wait).into()),
        }
    }
}
