//! Attribute names of the semantic conventions (v1.44). Those of HTTP are stable, those of messaging in development: when
//! they change, they change here.

pub(super) const ERROR_TYPE: &str = "error.type";

pub(super) const HTTP_REQUEST_METHOD: &str = "http.request.method";
pub(super) const HTTP_ROUTE: &str = "http.route";
pub(super) const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
pub(super) const URL_SCHEME: &str = "url.scheme";
pub(super) const URL_PATH: &str = "url.path";

pub(super) const MESSAGING_SYSTEM: &str = "messaging.system";
pub(super) const MESSAGING_OPERATION_NAME: &str = "messaging.operation.name";
pub(super) const MESSAGING_OPERATION_TYPE: &str = "messaging.operation.type";
pub(super) const MESSAGING_DESTINATION_NAME: &str = "messaging.destination.name";
pub(super) const MESSAGING_DESTINATION_PARTITION_ID: &str = "messaging.destination.partition.id";
pub(super) const MESSAGING_KAFKA_OFFSET: &str = "messaging.kafka.offset";
pub(super) const MESSAGING_KAFKA_MESSAGE_KEY: &str = "messaging.kafka.message.key";
pub(super) const MESSAGING_CONSUMER_GROUP_NAME: &str = "messaging.consumer.group.name";
pub(super) const MESSAGING_CONVERSATION_ID: &str = "messaging.message.conversation_id";
