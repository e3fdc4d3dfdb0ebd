//! From the review log to the model that serves, on a real Apache Kafka with the real program:
//! topics and a folder for each test.

mod bad_logs;
mod kills;
mod log;
mod mlflow;
mod promote;
mod publish;
mod rebuild;
mod replay;
mod rollback;
mod watch;
