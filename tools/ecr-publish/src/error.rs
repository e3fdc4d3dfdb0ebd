//! What AWS answers when a request fails, as one line with what to do.

use std::{error::Error, fmt::Display};

use anyhow::anyhow;
use aws_sdk_ecr::error::{ProvideErrorMetadata, SdkError};

/// The answer to a request, or an error that names the request, what came back, and what to do.
pub(crate) fn answered<T, E>(
    request: impl Display,
    result: Result<T, SdkError<E>>,
) -> anyhow::Result<T>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    result.map_err(|error| {
        let Some(service) = error.as_service_error() else {
            let causes = causes(&error).join(": ");
            let advice = if causes.contains("credential") {
                "give it AWS credentials (aws sso login, a profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
            } else {
                "is the region right (--region, AWS_REGION), and is AWS reachable from here?"
            };
            return anyhow!("{request}: {causes}: {advice}");
        };
        let code = service.code().unwrap_or("an error without a code");
        let message = service.message().unwrap_or("no message").replace('\n', " ");
        let advice = advice(code).map(|advice| format!(": {advice}")).unwrap_or_default();
        anyhow!("{request}: {code}, {message}{advice}")
    })
}

/// As [`answered`], and `None` if the service answers with one of these codes.
pub(crate) fn answered_unless<T, E>(
    codes: &[&str],
    request: impl Display,
    result: Result<T, SdkError<E>>,
) -> anyhow::Result<Option<T>>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match &result {
        Err(error) if error.code().is_some_and(|code| codes.contains(&code)) => Ok(None),
        _ => answered(request, result).map(Some),
    }
}

fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "ExpiredTokenException" | "ExpiredToken" | "RequestExpired" => {
            "the credentials have expired: log in again (aws sso login, or a new role session)"
        }
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "InvalidClientTokenId"
        | "AuthFailure"
        | "SignatureDoesNotMatch" => {
            "the credentials are not valid in this region: check the profile and --region"
        }
        "AccessDeniedException" | "AccessDenied" => {
            "the role lacks a right: deploy/iam/images-policy.json has what publishing takes"
        }
        "ThrottlingException" | "TooManyRequestsException" => {
            "ECR was asked too often, also after waiting: try again later"
        }
        "LimitExceededException" => "a quota of the account is reached: raise it, or prune",
        "RepositoryNotFoundException" => "run ecr-publish apply first, or check --region",
        _ => return None,
    })
}

// The SDK's own message says only "dispatch failure"; what happened is in its causes.
fn causes(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string().replace('\n', " ");
        if !texts.iter().any(|before| before.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    texts
}
