import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Copies a topic into partition 0 of the reviews by Kafka Streams, exactly once. The first time that
 * a record with the key "abort" comes, five records are written whose values begin with "aborted".
 * When they are in the log the stream thread fails, which aborts their transaction, and another one
 * takes its place. Ends behind the record with the key "last".
 */
public final class StreamsWriter {
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final TopicPartition REVIEWS = new TopicPartition("reviews", 0);
    private static final Set<String> ABORTED = new HashSet<>();
    private static final CountDownLatch LAST = new CountDownLatch(1);

    public static void main(String[] args) throws Exception {
        var settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "streams");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        // How long the group waits for a thread that failed.
        settings.put(StreamsConfig.consumerPrefix("session.timeout.ms"), "6000");
        var admin = Admin.create(Map.of("bootstrap.servers", args[0]));
        var topology = new StreamsBuilder();
        topology.<String, String>stream(args[1])
            .process(() -> new Copy(admin))
            .to("reviews", Produced.<String, String>streamPartitioner((topic, key, value, n) -> Optional.of(Set.of(0))));
        var streams = new KafkaStreams(topology.build(), settings);
        streams.setUncaughtExceptionHandler(error -> StreamThreadExceptionResponse.REPLACE_THREAD);
        streams.start();
        var done = LAST.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        // Commits what is open.
        done &= streams.close(PATIENCE);
        System.exit(done ? 0 : 1);
    }

    private static final class Copy extends ContextualProcessor<String, String, String, String> {
        private final Admin admin;

        Copy(Admin admin) {
            this.admin = admin;
        }

        @Override
        public void process(Record<String, String> record) {
            if (record.key().equals("abort") && ABORTED.add(record.value())) {
                var end = end();
                for (int n = 0; n < 5; n++) {
                    context().forward(record.withValue("aborted " + n + ": " + record.value()));
                }
                // A marker of the transaction before may be one of five; four are in the log then.
                while (end() < end + 5) {
                    Thread.onSpinWait();
                }
                throw new IllegalStateException("this transaction is to be aborted");
            }
            context().forward(record);
            if (record.key().equals("last")) {
                LAST.countDown();
            }
        }

        private long end() {
            try {
                return admin.listOffsets(Map.of(REVIEWS, OffsetSpec.latest())).partitionResult(REVIEWS).get().offset();
            } catch (Exception error) {
                throw new IllegalStateException(error);
            }
        }
    }
}
