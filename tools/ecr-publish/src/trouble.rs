//! What AWS says went wrong, as one line with what to do.

use std::error::Error;

use aws_sdk_ecr::error::{ProvideErrorMetadata, SdkError};

/// A request that failed: what was asked, what came back, what to do.
#[derive(Debug, thiserror::Error)]
#[error("{asked}: {answer}{}", .advice.map(|advice| format!(": {advice}")).unwrap_or_default())]
pub struct Trouble {
    /// The operation and what it was about.
    pub asked: String,
    /// The error's code, if the service answered at all.
    pub code: Option<String>,
    answer: String,
    advice: Option<&'static str>,
}

impl Trouble {
    /// Explains an error of the SDK.
    pub fn new<E>(asked: impl Into<String>, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let asked = asked.into();
        let Some(service) = error.as_service_error() else {
            let credentials = causes(error).iter().any(|cause| cause.contains("credential"));
            return Self {
                asked,
                code: None,
                answer: causes(error).join(": "),
                advice: Some(if credentials {
                    "give it AWS credentials (aws sso login, a profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
                } else {
                    "is the region right (--region, AWS_REGION), and is AWS reachable from here?"
                }),
            };
        };
        let code = service.code().unwrap_or("an error without a code");
        let message = service.message().unwrap_or("no message");
        Self {
            asked,
            code: service.code().map(str::to_owned),
            answer: format!("{code}, {}", message.replace('\n', " ")),
            advice: advice(code),
        }
    }

    /// Whether this is what came back.
    #[must_use]
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
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
    let mut told: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string().replace('\n', " ");
        if !told.iter().any(|before| before.contains(&text)) {
            told.push(text);
        }
        next = error.source();
    }
    told
}
