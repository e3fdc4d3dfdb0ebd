//! Who may do what: the grants of `tools/kafka/acls`, tried one by one on a real Kafka with users
//! and passwords.
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

use rdkafka::{
    ClientConfig, ClientContext, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, CommitMode, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
    message::DeliveryResult,
    producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext},
};
use verdict_kafka::{Kafka, Options};
use verdict_testkit::{kafka, repository, run};

const TOPICS: [&str; 8] = [
    "reviews",
    "reviews.verdicts",
    "reviews.replies",
    "reviews.labels",
    "reviews.probes",
    "dlq.reviews",
    "reviews.unsure",
    "models",
];
/// A group that all of the test may look for, so that reading is about topics alone.
const READERS: &str = "readers";
const WITHIN: Duration = Duration::from_secs(20);

/// What is allowed, written down once more and by hand: a grant too many in the table is a test
/// that fails.
fn allowed() -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut users: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    let mut may = |user, operation: &str, of: &[&str]| {
        let cells = users.entry(user).or_default();
        for name in of {
            cells.insert(format!("{operation} {name}"));
            // Kafka counts describing in.
            if matches!(operation, "read" | "write") {
                cells.insert(format!("describe {name}"));
            }
        }
    };
    may("verdict-consumer", "read", &["reviews", "reviews.probes", "models"]);
    may(
        "verdict-consumer",
        "write",
        &["reviews.verdicts", "reviews.probes", "dlq.reviews", "reviews.replies", "reviews.unsure"],
    );
    may("verdict-consumer", "transact", &["verdict-verdict-a"]);
    may("verdict-consumer", "positions", &["verdict"]);
    may("verdict-consumer", "commit", &["verdict"]);
    may("verdict-web", "write", &["reviews", "reviews.labels", "reviews.replies"]);
    may(
        "verdict-web",
        "read",
        &[
            "reviews",
            "reviews.replies",
            "reviews.verdicts",
            "reviews.labels",
            "dlq.reviews",
            "models",
        ],
    );
    may(
        "verdict-monitor",
        "read",
        &["reviews", "reviews.verdicts", "reviews.labels", "dlq.reviews"],
    );
    may("verdict-monitor", "positions", &["verdict"]);
    may("verdict-trainer", "read", &["reviews", "reviews.labels", "models"]);
    may("verdict-trainer", "write", &["models"]);
    may("verdict-producer", "read", &["reviews", "dlq.reviews"]);
    may("verdict-producer", "write", &["reviews", "reviews.labels"]);
    may("verdict-topics", "describe", &TOPICS);
    may("verdict-topics", "settings", &["reviews"]);
    may("verdict-keda", "describe", &["reviews"]);
    may("verdict-keda", "positions", &["verdict"]);
    users
}

/// Everything that is tried for every user.
fn cells() -> Vec<String> {
    let of_topics = TOPICS.iter().flat_map(|topic| {
        ["describe", "read", "write"].map(|operation| format!("{operation} {topic}"))
    });
    let others = [
        "positions verdict",
        "commit verdict",
        "transact verdict-verdict-a",
        "transact other",
        "settings reviews",
        "create intruder",
        "delete reviews",
    ];
    of_topics.chain(others.map(str::to_owned)).collect()
}

struct Delivered(Sender<Result<(), KafkaError>>);

impl ClientContext for Delivered {}

impl ProducerContext for Delivered {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let result = result.as_ref().map(drop).map_err(|(error, _)| error.clone());
        self.0.send(result).unwrap();
    }
}

/// One user at a broker.
struct User(ClientConfig);

impl User {
    fn new(server: &str, login: Option<(&str, &str)>) -> Self {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", server)
            .set("group.id", "verdict")
            .set("message.timeout.ms", "15000");
        if let Some((user, password)) = login {
            config
                .set("security.protocol", "sasl_plaintext")
                .set("sasl.mechanism", "SCRAM-SHA-512")
                .set("sasl.username", user)
                .set("sasl.password", password);
        }
        Self(config)
    }

    /// Whether Kafka lets the user do it; anything but yes and "not authorized" is a failure of the
    /// test.
    fn may(&self, cell: &str) -> bool {
        let (operation, name) = cell.split_once(' ').unwrap();
        let result = match operation {
            "describe" => self.describe(name),
            "read" => self.read(name),
            "write" => self.write(name),
            "positions" => self.positions(),
            "commit" => self.commit(),
            "transact" => self.transact(name),
            other => self.administer(other, name),
        };
        let code = |error: KafkaError| match error {
            KafkaError::AdminOp(code) => Some(code),
            other => other.rdkafka_error_code(),
        };
        match result.map_err(code) {
            Ok(()) => true,
            Err(Some(
                RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
                | RDKafkaErrorCode::ClusterAuthorizationFailed,
            )) => false,
            Err(other) => panic!("{cell}: {other:?}"),
        }
    }

    fn describe(&self, topic: &str) -> Result<(), KafkaError> {
        let consumer: BaseConsumer = self.0.create()?;
        let metadata = consumer.fetch_metadata(Some(topic), WITHIN)?;
        match metadata.topics()[0].error() {
            None => Ok(()),
            Some(error) => Err(KafkaError::MetadataFetch(error.into())),
        }
    }

    /// Outside of a group, as far as a client can: it looks for the coordinator of one all the
    /// same.
    fn read(&self, topic: &str) -> Result<(), KafkaError> {
        // Who may not know a topic cannot find whom to ask; librdkafka waits then, and says
        // nothing.
        self.describe(topic)?;
        let mut alone = self.0.clone();
        alone.set("group.id", READERS).set("enable.auto.commit", "false");
        let consumer: BaseConsumer = alone.create()?;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, 0, Offset::Beginning)?;
        consumer.assign(&list)?;
        let read = consumer.poll(WITHIN);
        read.unwrap_or_else(|| panic!("nothing in {topic}")).map(drop)
    }

    fn write(&self, topic: &str) -> Result<(), KafkaError> {
        let (sender, receiver) = channel();
        let producer: BaseProducer<Delivered> = self.0.create_with_context(Delivered(sender))?;
        let sent = producer.send(BaseRecord::to(topic).key("key").payload("value"));
        sent.map_err(|(error, _)| error)?;
        producer.flush(WITHIN)?;
        receiver.recv_timeout(WITHIN).unwrap()
    }

    /// A client that may not find the group's coordinator looks for it until its time is up; why is
    /// reported beside that.
    fn positions(&self) -> Result<(), KafkaError> {
        let consumer: BaseConsumer = self.0.create()?;
        let mut list = TopicPartitionList::new();
        list.add_partition("reviews", 0);
        let within = Duration::from_secs(3);
        match consumer.committed_offsets(list.clone(), within) {
            Ok(committed) => committed.elements()[0].error(),
            Err(late) => match consumer.poll(WITHIN) {
                Some(Err(why)) => Err(why),
                _ => Err(late),
            },
        }
    }

    fn commit(&self) -> Result<(), KafkaError> {
        // Who may not find the coordinator cannot ask it.
        self.positions()?;
        let consumer: BaseConsumer = self.0.create()?;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset("reviews", 0, Offset::Offset(0))?;
        #[expect(clippy::disallowed_methods, reason = "whether it may is what is asked")]
        consumer.commit(&list, CommitMode::Sync)
    }

    fn transact(&self, id: &str) -> Result<(), KafkaError> {
        let mut config = self.0.clone();
        let producer: BaseProducer = config.set("transactional.id", id).create()?;
        producer.init_transactions(WITHIN)
    }

    fn administer(&self, operation: &str, topic: &str) -> Result<(), KafkaError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let admin: AdminClient<DefaultClientContext> = self.0.create()?;
        let options =
            AdminOptions::new().operation_timeout(Some(WITHIN)).request_timeout(Some(WITHIN));
        let code = runtime.block_on(async {
            Ok::<_, KafkaError>(match operation {
                "create" => {
                    let new = NewTopic::new(topic, 1, TopicReplication::Fixed(1));
                    first(admin.create_topics([&new], &options).await?)
                }
                "delete" => first(admin.delete_topics(&[topic], &options).await?),
                // rdkafka does not hand on the error of a single resource: refused are settings
                // without an entry.
                "settings" => {
                    let of = [&ResourceSpecifier::Topic(topic)];
                    let described = admin.describe_configs(of, &options).await?;
                    match described.into_iter().next().unwrap() {
                        Ok(settings) if settings.entries.is_empty() => {
                            Err(RDKafkaErrorCode::TopicAuthorizationFailed)
                        }
                        result => result.map(drop),
                    }
                }
                other => panic!("{other}"),
            })
        })?;
        code.map_err(KafkaError::AdminOp)
    }
}

/// What became of the one thing that was asked.
fn first<T, N>(results: Vec<Result<T, (N, RDKafkaErrorCode)>>) -> Result<(), RDKafkaErrorCode> {
    let result = results.into_iter().next().unwrap();
    result.map(drop).map_err(|(_, code)| code)
}

/// A Kafka with the users of the table, topics with a record in each, and nobody allowed anything.
fn start() -> Option<(Kafka, BTreeMap<&'static str, String>)> {
    let passwords: BTreeMap<_, _> = allowed()
        .into_keys()
        .map(|user| (user, format!("{user}-{:x}", std::process::id())))
        .collect();
    let users =
        passwords.iter().map(|(user, password)| ((*user).to_owned(), password.clone())).collect();
    let kafka = kafka::own_with(Options { users, ..Options::default() })?;
    let anybody = User::new(&kafka.bootstrap(), None);
    for topic in TOPICS {
        anybody.administer("create", topic).unwrap();
        anybody.write(topic).unwrap();
    }
    let mut look = kafka.tool("org.apache.kafka.tools.AclCommand");
    look.extend(["--bootstrap-server".to_owned(), kafka.bootstrap()]);
    look.extend(["--add", "--operation", "Describe", "--group", READERS].map(str::to_owned));
    for user in passwords.keys() {
        look.extend(["--allow-principal".to_owned(), format!("User:{user}")]);
    }
    run(Command::new(&look[0]).args(&look[1..]));
    Some((kafka, passwords))
}

/// What each user may do, by trying all of it; users at the same time.
fn tried(
    kafka: &Kafka,
    passwords: &BTreeMap<&'static str, String>,
) -> BTreeMap<&'static str, BTreeSet<String>> {
    let server = kafka.secured().unwrap();
    thread::scope(|scope| {
        let tries: Vec<_> = passwords
            .iter()
            .map(|(&user, password)| {
                let server = &server;
                scope.spawn(move || {
                    let may = User::new(server, Some((user, password)));
                    (user, cells().into_iter().filter(|cell| may.may(cell)).collect())
                })
            })
            .collect();
        tries.into_iter().map(|tried| tried.join().unwrap()).collect()
    })
}

#[test]
fn every_user_may_do_what_it_needs_and_nothing_else() {
    let Some((kafka, passwords)) = start() else { return };
    let nothing = tried(&kafka, &passwords);
    assert!(nothing.values().all(BTreeSet::is_empty), "before a grant: {nothing:?}");
    run(&mut kafka::acls(&kafka));
    // Again: nothing changes by it.
    run(kafka::acls(&kafka).args(["--user", "verdict-web"]));
    let granted = tried(&kafka, &passwords);
    assert_eq!(granted, allowed());
    let (all, may) =
        (cells().len() * granted.len(), granted.values().map(BTreeSet::len).sum::<usize>());
    eprintln!("{} users, {all} cells: {may} allowed, {} refused", granted.len(), all - may);
    // The control: one grant too many is found, and taken back.
    let table = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&table, "verdict-web\ttopic\tmodels\tWrite\n").unwrap();
    run(kafka::acls(&kafka).arg("--table").arg(table.path()));
    let web =
        User::new(&kafka.secured().unwrap(), Some(("verdict-web", &passwords["verdict-web"])));
    assert!(web.may("write models"));
    run(kafka::acls(&kafka).arg("--table").arg(table.path()).arg("--remove"));
    assert!(!web.may("write models"));
}

#[test]
fn a_table_that_is_wrong_grants_nothing() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for (table, part) in [
        (
            "verdict-web\ttopic\treviews\tWrite\nverdict-web\tcluster\tkafka-cluster\tAlter\n",
            "line 2: must be user, kind",
        ),
        ("verdict-web topic reviews Write\n", "line 1: must be user"),
        ("verdict-web\ttopic\treviews\tWrite\textra\n", "line 1: must be user"),
        ("# nothing\n", "grants nothing"),
    ] {
        std::fs::write(&file, table).unwrap();
        let output = Command::new(repository().join("tools/kafka/acls"))
            .args(["--dry-run", "--table"])
            .arg(file.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(part) && output.stdout.is_empty(), "{said}");
    }
}
