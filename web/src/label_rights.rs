//! Who may label a review: who has the token that came with its verdict, and operators.
//!
//! Without this anybody could teach the next model, since ids can be guessed and are shown.

use std::{fmt, fs, path::Path};

use bytes::Bytes;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::{
    ids::ReviewId,
    problems::{self, HttpProblem},
};

/// Fewer characters could be guessed.
const LEAST_SECRET: usize = 32;
/// The source of a label by who sent the review.
const USER: &str = "user";

/// Who may label beside those who sent the review.
#[derive(Clone)]
pub struct Operator {
    name: String,
    // Of the token: equal hashes are found without telling by the time how much is right.
    sha256: [u8; 32],
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operator").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Whose labels are taken.
#[derive(Debug, Clone, Default)]
pub struct LabelSettings {
    /// What label tokens are made with; without it, each start makes its own.
    pub key: Option<Key>,
    /// Who may label any review.
    pub operators: Vec<Operator>,
}

/// A secret, which no debug output shows.
#[derive(Clone)]
pub struct Key(String);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl LabelSettings {
    /// From the key, and from a file with a name and a token in each line.
    ///
    /// # Errors
    /// What is wrong: the flag, the line and the bound, never a secret.
    pub(crate) fn read(key: Option<&str>, file: Option<&Path>) -> Result<Self, String> {
        if let Some(key) = key.filter(|key| key.len() < LEAST_SECRET) {
            let got = key.len();
            return Err(format!("--label-key must have at least {LEAST_SECRET} bytes, got {got}"));
        }
        let operators = match file {
            None => Vec::new(),
            Some(path) => {
                let place = format!("--label-token-file {}", path.display());
                let text = fs::read_to_string(path).map_err(|error| format!("{place}: {error}"))?;
                let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
                lines
                    .map(|(n, line)| operator(line).map_err(|why| (n.saturating_add(1), why)))
                    .collect::<Result<_, _>>()
                    .map_err(|(line, why)| format!("{place}, line {line}: {why}"))?
            }
        };
        Ok(Self { key: key.map(|key| Key(key.to_owned())), operators })
    }
}

fn operator(line: &str) -> Result<Operator, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, token] = words.as_slice() else {
        return Err(format!("expected a name and a token, got {} words", words.len()));
    };
    if name.len() > 64 || *name == USER {
        return Err(format!("a name has at most 64 bytes and is not {USER}"));
    }
    if token.len() < LEAST_SECRET {
        let got = token.len();
        return Err(format!("a token must have at least {LEAST_SECRET} bytes, got {got}"));
    }
    Ok(Operator { name: (*name).to_owned(), sha256: Sha256::digest(token).into() })
}

/// Makes label tokens, and says whose label one is.
#[derive(Debug)]
pub(crate) struct LabelRights {
    mac: Hmac<Sha256>,
    operators: Vec<Operator>,
}

impl LabelRights {
    /// With 128 random bits for the case that there is no key.
    pub(crate) fn new(settings: LabelSettings, random: u128) -> Self {
        let key = settings.key.map_or_else(|| random.to_be_bytes().to_vec(), |key| key.0.into());
        // Hashed into a block: a key of any length is taken, and nothing can fail.
        let mut block = [0; 64];
        block.iter_mut().zip(Sha256::digest(key)).for_each(|(to, byte)| *to = byte);
        Self { mac: Hmac::new(&block.into()), operators: settings.operators }
    }

    fn mac(&self, id: &ReviewId) -> Hmac<Sha256> {
        self.mac.clone().chain_update(b"verdict label\0").chain_update(id.as_str())
    }

    /// What allows to label this review: 128 bits as 32 hexadecimal digits, the same on all
    /// instances with the same key.
    pub(crate) fn token(&self, id: &ReviewId) -> String {
        let code = self.mac(id).finalize().into_bytes();
        code.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether this is the token of the review.
    pub(crate) fn is_token(&self, id: &ReviewId, token: &str) -> bool {
        let is_hex = token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = u128::from_str_radix(token, 16).ok().filter(|_| is_hex);
        bits.is_some_and(|bits| self.mac(id).verify_truncated_left(&bits.to_be_bytes()).is_ok())
    }

    /// The source of a label for this review, by the token that came with the verdict, or by an
    /// operator's.
    ///
    /// # Errors
    /// The problem when neither is right.
    pub(crate) fn source(
        &self,
        id: &ReviewId,
        label_token: Option<&str>,
        bearer: Option<&str>,
    ) -> Result<&str, HttpProblem> {
        if let Some(bearer) = bearer {
            let sha256: [u8; 32] = Sha256::digest(bearer).into();
            let known = self.operators.iter().find(|operator| operator.sha256 == sha256);
            return known.map(|it| &*it.name).ok_or_else(problems::unknown_operator);
        }
        match label_token {
            Some(token) if self.is_token(id, token) => Ok(USER),
            Some(_) => Err(problems::wrong_label_token(id.as_str())),
            None => Err(problems::no_label_token(id.as_str())),
        }
    }

    /// The verdict, a JSON object, with the token to label its review.
    pub(crate) fn with_token(&self, id: &ReviewId, verdict: &Bytes) -> Bytes {
        let Some(end) = verdict.iter().rposition(|byte| *byte == b'}') else {
            return verdict.clone();
        };
        let (members, end) = verdict.split_at(end);
        let token = format!(",\"label_token\":\"{}\"", self.token(id));
        [members, token.as_bytes(), end].concat().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(key: Option<&str>, random: u128) -> LabelRights {
        LabelRights::new(LabelSettings::read(key, None).unwrap(), random)
    }

    #[test]
    fn a_token_is_of_one_review_and_one_key() {
        let key = "k".repeat(32);
        let (one, same) = (rights(Some(&key), 1), rights(Some(&key), 2));
        let (r1, r2) = (ReviewId::new("r1"), ReviewId::new("r2"));
        assert!(one.is_token(&r1, &same.token(&r1)));
        assert!(!one.is_token(&r2, &one.token(&r1)));
        assert!(!one.is_token(&r1, &rights(None, 1).token(&r1)));
        assert!(!rights(None, 1).is_token(&r1, &rights(None, 2).token(&r1)));
        let token = one.token(&r1);
        for wrong in ["", &token[1..], &format!("{token}0"), &format!("+{}", &token[1..]), "é"] {
            assert!(!one.is_token(&r1, wrong), "{wrong}");
        }
    }

    #[test]
    fn a_verdict_gets_its_token_as_its_last_member() {
        let (rights, id) = (rights(None, 1), ReviewId::new("r1"));
        let json = rights.with_token(&id, &Bytes::from_static(b"{\"id\":\"r1\"}\n"));
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json, serde_json::json!({ "id": "r1", "label_token": rights.token(&id) }));
    }

    #[test]
    fn operators_are_read_from_a_file_and_bad_lines_have_their_number() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        let token = "t".repeat(32);
        fs::write(&file, format!("\ncrowd {token}\n")).unwrap();
        let settings = LabelSettings::read(None, Some(&file)).unwrap();
        assert!(!format!("{settings:?}").contains(&token));
        let rights = LabelRights::new(settings, 1);
        let id = ReviewId::new("r1");
        assert_eq!(rights.source(&id, None, Some(&token)).unwrap(), "crowd");
        assert_eq!(rights.source(&id, None, Some("t")).unwrap_err().problem.status, 401);
        for (text, part) in [
            (format!("a {token}\ncrowd"), "line 2: expected a name and a token, got 1 words"),
            ("crowd short".to_owned(), "line 1: a token must have at least 32 bytes, got 5"),
            (format!("user {token}"), "is not user"),
        ] {
            fs::write(&file, &text).unwrap();
            let error = LabelSettings::read(None, Some(&file)).unwrap_err();
            assert!(error.contains(part) && !error.contains(&token), "{error}");
        }
        let error = LabelSettings::read(Some("short"), None).unwrap_err();
        assert!(error.contains("at least 32 bytes, got 5"), "{error}");
    }
}
