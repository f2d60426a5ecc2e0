package fleetstream.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** KafkaStreamsStates bootstrap in out applicationId stateDir threads: runs until it is killed. */
public final class KafkaStreamsStates {
  private static final String STORE = "robots";

  private KafkaStreamsStates() {}

  private static final class Reduce implements Processor<String, byte[], String, String> {
    private ProcessorContext<String, String> context;
    private KeyValueStore<String, StateReducer.State> store;

    @Override
    public void init(ProcessorContext<String, String> context) {
      this.context = context;
      store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> record) {
      try {
        StateReducer.State known = store.get(record.key());
        StateReducer.State state = known == null ? new StateReducer.State() : known;
        String output = StateReducer.step(state, StateReducer.parse(record.value()));
        store.put(record.key(), state);
        if (output != null) context.forward(record.withValue(output));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Two longs and the pad. */
  private static final class StateSerde implements Serde<StateReducer.State> {
    @Override
    public Serializer<StateReducer.State> serializer() {
      return (topic, state) -> {
        if (state == null) return null;
        byte[] pad = state.pad.getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(16 + pad.length).putLong(state.first).putLong(state.count).put(pad).array();
      };
    }

    @Override
    public Deserializer<StateReducer.State> deserializer() {
      return (topic, bytes) -> {
        if (bytes == null) return null;
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        StateReducer.State state = new StateReducer.State();
        state.first = buffer.getLong();
        state.count = buffer.getLong();
        state.pad = new String(bytes, 16, bytes.length - 16, StandardCharsets.ISO_8859_1);
        return state;
      };
    }
  }

  /** Lines of JSON: when each partition's restore began and ended. */
  private static final class Told implements StateRestoreListener {
    private static synchronized void tell(String kind, TopicPartition partition, long records) {
      System.out.println("{\"kind\":\"" + kind + "\",\"partition\":" + partition.partition() + ",\"records\":" + records + "}");
    }

    @Override
    public void onRestoreStart(TopicPartition partition, String store, long start, long end) {
      tell("restoring", partition, end - start);
    }

    @Override
    public void onBatchRestored(TopicPartition partition, String store, long end, long count) {}

    @Override
    public void onRestoreEnd(TopicPartition partition, String store, long total) {
      tell("restored", partition, total);
    }
  }

  public static void main(String[] args) throws Exception {
    Properties config = new Properties();
    config.put("bootstrap.servers", args[0]);
    config.put("application.id", args[3]);
    config.put("state.dir", args[4]);
    config.put("num.stream.threads", args[5]);
    config.put("auto.offset.reset", "earliest");
    config.put("processing.guarantee", "exactly_once_v2");
    config.put("commit.interval.ms", 100);
    // A member of the same name takes the dead one's place at once; else the group would wait for its session to end.
    config.put("group.instance.id", args[3] + "-0");
    config.put("session.timeout.ms", 6000);
    Topology topology = new Topology();
    topology.addSource("source", new StringDeserializer(), new ByteArrayDeserializer(), args[1]);
    topology.addProcessor("reduce", Reduce::new, "source");
    topology.addStateStore(
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), Serdes.String(), new StateSerde()).withCachingEnabled(), "reduce");
    topology.addSink("sink", args[2], new StringSerializer(), new StringSerializer(), "reduce");
    KafkaStreams streams = new KafkaStreams(topology, config);
    streams.setGlobalStateRestoreListener(new Told());
    CountDownLatch ended = new CountDownLatch(1);
    streams.setStateListener((now, before) -> {
      System.out.println("{\"kind\":\"state\",\"state\":\"" + now + "\"}");
      if (now == KafkaStreams.State.ERROR || now == KafkaStreams.State.NOT_RUNNING) ended.countDown();
    });
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
    ended.await();
  }
}
