//! The embedded broker: the only file that knows which one it is.
//!
//! `tansu-broker` 0.6.0 speaks enough of Kafka's protocol for producers, consumer groups and administration, over one
//! SQLite file. It has no transactions, so delivery here is at least once. It runs on a runtime of its own, so that the
//! demo's other parts and the broker do not wait for each other.
//!
//! Two things about it would lose or stall reviews, and are worked around here:
//!
//! - Its retention takes `retention.ms=-1` for a number: every record is older than -1 ms and is deleted at the next
//!   clean-up. So topics that keep their records for ever get the longest time there is ([`keep_for_ever`]).
//! - It keeps the members of a group over a restart. One that was killed with the broker stays the group's leader, and once
//!   its session has timed out at the wrong moment, the group waits for it for ever. No client outlives the broker's process
//!   as a member, so they are forgotten when it starts; committed positions stay (`forget_members`).

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use tansu_broker::broker::Broker;
use tansu_broker::coordinator::group::administrator::Controller;
use tansu_storage::StorageContainer;
use tokio::sync::oneshot;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;
use verdict_kafka_io::topics::TopicSpec;

/// The database's name in the state directory.
const DATABASE: &str = "kafka.db";
const NODE_ID: i32 = 1;

/// A broker that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct EmbeddedBroker {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), BrokerError>>>,
}

/// Why the broker does not run.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// Somebody else listens there.
    #[error(
        "the Kafka address {address} cannot be used: {source} (choose another with --kafka-port)"
    )]
    Address {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The state directory cannot be used.
    #[error("the state directory {} cannot be used: {source} (choose another with --state)", path.display())]
    State {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The broker itself failed.
    #[error("the embedded broker: {0}")]
    Broker(String),
}

impl EmbeddedBroker {
    /// Starts a broker on `address` that keeps its data in `state`.
    ///
    /// # Errors
    /// Where the address is taken, or where the directory cannot be used.
    pub fn start(address: SocketAddr, state: &Path) -> Result<Self, BrokerError> {
        // The broker would only log that it cannot listen: find out first.
        drop(
            TcpListener::bind(address)
                .map_err(|source| BrokerError::Address { address, source })?,
        );
        let storage = storage_url(state)?;
        let database = state.join(DATABASE);
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("broker".to_owned())
            .spawn(move || serve(address, storage, &database, stopped))
            .map_err(|e| BrokerError::Broker(e.to_string()))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Ends it and waits for its thread.
    ///
    /// # Errors
    /// Gives what it failed with, if it had failed before.
    pub fn stop(mut self) -> Result<(), BrokerError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), BrokerError> {
        // A broker that has failed no longer listens for this.
        if let Some(stop) = self.stop.take() {
            drop(stop);
        }
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(BrokerError::Broker("its thread panicked".to_owned())),
            None => Ok(()),
        }
    }
}

impl Drop for EmbeddedBroker {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!(%error, "the embedded broker had failed");
        }
    }
}

/// The broker joins the URL's path, less its first slash, to the working directory; a second slash makes it absolute.
fn storage_url(state: &Path) -> Result<Url, BrokerError> {
    let fail = |source| BrokerError::State {
        path: state.to_path_buf(),
        source,
    };
    std::fs::create_dir_all(state).map_err(fail)?;
    let path = state.canonicalize().map_err(fail)?.join(DATABASE);
    let path = path.display().to_string();
    let url =
        Url::parse(&format!("sqlite:///{path}")).map_err(|e| BrokerError::Broker(e.to_string()))?;
    if url.path() == format!("/{path}") {
        Ok(url)
    } else {
        // The broker takes the path as the URL spells it, escapes and all.
        Err(fail(std::io::Error::other(
            "its path must not have characters that a URL escapes, such as spaces",
        )))
    }
}

/// Gives topics that never expire a retention that this broker understands, before they are made.
pub fn keep_for_ever(topics: &mut [TopicSpec]) {
    let configs = topics.iter_mut().flat_map(|topic| &mut topic.config);
    for (name, value) in configs {
        if name == "retention.ms" && value == "-1" {
            *value = i64::MAX.to_string();
        }
    }
}

/// Removes the members that the groups had when the broker ended; where each group had come to is kept elsewhere.
async fn forget_members(database: &Path) -> Result<(), libsql::Error> {
    if !database.exists() {
        return Ok(());
    }
    let connection = libsql::Builder::new_local(database)
        .build()
        .await?
        .connect()?;
    let mut tables = connection
        .query(
            "select 1 from sqlite_master where type = 'table' and name = 'consumer_group_detail'",
            (),
        )
        .await?;
    // A broker that was killed while it made its tables has none yet.
    if tables.next().await?.is_some() {
        connection
            .execute("delete from consumer_group_detail", ())
            .await?;
    }
    Ok(())
}

fn serve(
    address: SocketAddr,
    storage: Url,
    database: &Path,
    stopped: oneshot::Receiver<()>,
) -> Result<(), BrokerError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("broker")
        .enable_all()
        .build()
        .map_err(|e| BrokerError::Broker(e.to_string()))?;
    let result = runtime.block_on(async {
        forget_members(database).await.map_err(|e| {
            BrokerError::Broker(format!(
                "its data in {} cannot be used: {e}",
                database.display()
            ))
        })?;
        let listener = Url::parse(&format!("tcp://{address}"))
            .map_err(|e| BrokerError::Broker(e.to_string()))?;
        let mut broker = Broker::<Controller<StorageContainer>, StorageContainer>::builder()
            .node_id(NODE_ID)
            .cluster_id("verdict-demo")
            .incarnation_id(Uuid::new_v4())
            .advertised_listener(listener.clone())
            .listener(listener)
            .storage(storage)
            .silent(true)
            .build()
            .await
            .map_err(|e| BrokerError::Broker(format!("{e:?}")))?;
        let serve = async {
            // Not `main()`: that would take over the process's signals.
            broker.register().await?;
            broker.listen(Instant::now()).await
        };
        tokio::select! {
            served = serve => served.map_err(|e| BrokerError::Broker(format!("{e:?}"))),
            _ = stopped => Ok(()),
        }
    });
    // Connections are not waited for: their clients have been told to stop before.
    runtime.shutdown_background();
    result
}
