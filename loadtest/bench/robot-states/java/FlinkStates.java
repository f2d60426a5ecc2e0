package fleetstream.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.ParameterTool;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The job as the peers' (Kafka, keyBy robot, RocksDB, exactly-once sink), but without an end. */
public final class FlinkStates {
  private FlinkStates() {}

  public static final class Events implements KafkaRecordDeserializationSchema<StateReducer.Event> {
    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<StateReducer.Event> out) throws IOException {
      out.collect(StateReducer.parse(record.value()));
    }

    @Override
    public TypeInformation<StateReducer.Event> getProducedType() {
      return TypeInformation.of(StateReducer.Event.class);
    }
  }

  public static final class Reduce extends KeyedProcessFunction<String, StateReducer.Event, String> {
    private transient ValueState<StateReducer.State> store;

    @Override
    public void open(OpenContext context) {
      store = getRuntimeContext().getState(new ValueStateDescriptor<>("robot", TypeInformation.of(StateReducer.State.class)));
    }

    @Override
    public void processElement(StateReducer.Event event, Context context, Collector<String> out) throws Exception {
      StateReducer.State known = store.value();
      StateReducer.State state = known == null ? new StateReducer.State() : known;
      String output = StateReducer.step(state, event);
      store.update(state);
      if (output != null) out.collect(output);
    }
  }

  private static Configuration configuration(ParameterTool args) {
    Configuration config = new Configuration();
    config.setString("pipeline.name", "robot states");
    config.setString("pipeline.object-reuse", "true");
    config.setString("pipeline.generic-types", "false");
    config.setString("state.backend.type", "rocksdb");
    config.setString("execution.checkpointing.incremental", "true");
    config.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
    config.setString("execution.checkpointing.interval", args.getRequired("checkpointMs") + "ms");
    config.setString("execution.checkpointing.dir", args.getRequired("checkpointDir"));
    config.setString("restart-strategy.type", "fixed-delay");
    config.setString("restart-strategy.fixed-delay.attempts", "1000");
    config.setString("restart-strategy.fixed-delay.delay", "100ms");
    return config;
  }

  /** The output's key is its robotId, cut from the fixed start of the JSON. */
  private static final SerializationSchema<String> ROBOT_ID = output -> output.substring(12, output.indexOf('"', 12)).getBytes(StandardCharsets.UTF_8);

  public static void main(String[] argv) throws Exception {
    ParameterTool args = ParameterTool.fromArgs(argv);
    String out = args.getRequired("out");
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(configuration(args));
    env.setParallelism(args.getInt("parallelism"));
    KafkaSource<StateReducer.Event> source = KafkaSource.<StateReducer.Event>builder()
        .setBootstrapServers(args.getRequired("bootstrap"))
        .setTopics(args.getRequired("in"))
        .setGroupId(out)
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setDeserializer(new Events())
        .build();
    KafkaSink<String> sink = KafkaSink.<String>builder()
        .setBootstrapServers(args.getRequired("bootstrap"))
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(out)
        .setRecordSerializer(KafkaRecordSerializationSchema.<String>builder()
            .setTopic(out)
            .setKeySerializationSchema(ROBOT_ID)
            .setValueSerializationSchema(new SimpleStringSchema())
            .build())
        .setProperty("transaction.timeout.ms", "600000")
        .setProperty("linger.ms", "20")
        .setProperty("batch.size", "65536")
        .build();
    env.fromSource(source, WatermarkStrategy.noWatermarks(), "kafka")
        .keyBy(event -> event.robotId, Types.STRING)
        .process(new Reduce())
        .sinkTo(sink);
    env.execute();
  }
}
