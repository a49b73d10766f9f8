// Writes wire-vectors.json: Fetch requests, responses and record batches as Apache Kafka 4.1.1's own classes write them.
//
//   javac -cp "$LIBS/*" -d out WireVectors.java && java -cp "out:$LIBS/*" WireVectors > wire-vectors.json
//
// LIBS holds kafka-clients with snappy-java, lz4-java and zstd-jni.
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.record.*;

public class WireVectors {
  static final Uuid TOPIC_ID = new Uuid(0x0102030405060708L, 0x090a0b0c0d0e0f10L);

  public static void main(String[] args) {
    System.out.println("{\n \"fetchRequests\": {");
    for (short version = 4; version <= 17; version++) print(String.valueOf(version), bytes(request(version), version), version == 17);
    System.out.println(" },\n \"fetchResponses\": {");
    for (short version = 4; version <= 17; version++) print(String.valueOf(version), bytes(response(version), version), version == 17);
    System.out.println(" },\n \"recordSets\": {");
    for (CompressionType type : CompressionType.values()) {
      print(type.name, small(Compression.of(type).build()), false);
      if (type != CompressionType.NONE) print(type.name + "Large", large(Compression.of(type).build()), false);
    }
    print("zstdBest", large(Compression.zstd().level(19).build()), false);
    print("zstdFast", large(Compression.zstd().level(1).build()), false);
    print("logAppendTime", logAppendTime(), false);
    print("longDeltas", longDeltas(), false);
    print("transactions", transactions(), true);
    System.out.println(" }\n}");
  }

  static FetchRequestData request(short version) {
    FetchRequestData data = new FetchRequestData()
        .setMaxWaitMs(500).setMinBytes(1).setMaxBytes(52428800).setIsolationLevel((byte) 1)
        .setSessionId(77).setSessionEpoch(3).setRackId(version >= 11 ? "rack-a" : "");
    data.topics().add(new FetchRequestData.FetchTopic().setTopic("flights").setTopicId(TOPIC_ID).setPartitions(List.of(
        new FetchRequestData.FetchPartition().setPartition(0).setFetchOffset(12345678901L).setCurrentLeaderEpoch(9)
            .setLastFetchedEpoch(version >= 12 ? 8 : -1).setPartitionMaxBytes(1048576),
        new FetchRequestData.FetchPartition().setPartition(200).setFetchOffset(0).setPartitionMaxBytes(1))));
    if (version >= 7)
      data.forgottenTopicsData().add(new FetchRequestData.ForgottenTopic().setTopic("flights").setTopicId(TOPIC_ID)
          .setPartitions(List.of(4, 5)));
    return data;
  }

  static FetchResponseData response(short version) {
    FetchResponseData.PartitionData first = new FetchResponseData.PartitionData()
        .setPartitionIndex(0).setHighWatermark(12345678999L).setLastStableOffset(12345678990L).setLogStartOffset(17)
        .setAbortedTransactions(List.of(
            new FetchResponseData.AbortedTransaction().setProducerId(4001).setFirstOffset(12345678905L),
            new FetchResponseData.AbortedTransaction().setProducerId(4002).setFirstOffset(12345678907L)))
        .setRecords(MemoryRecords.readableRecords(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5})));
    if (version >= 11) first.setPreferredReadReplica(2);
    FetchResponseData.PartitionData second = new FetchResponseData.PartitionData()
        .setPartitionIndex(1).setErrorCode((short) 6).setHighWatermark(-1).setLastStableOffset(-1)
        .setAbortedTransactions(null).setRecords(null);
    if (version >= 12)
      second.setCurrentLeader(new FetchResponseData.LeaderIdAndEpoch().setLeaderId(3).setLeaderEpoch(12))
          .setDivergingEpoch(new FetchResponseData.EpochEndOffset().setEpoch(5).setEndOffset(6));
    FetchResponseData data = new FetchResponseData().setThrottleTimeMs(40);
    if (version >= 7) data.setErrorCode((short) 71).setSessionId(77);
    data.responses().add(new FetchResponseData.FetchableTopicResponse().setTopic("flights").setTopicId(TOPIC_ID)
        .setPartitions(List.of(first, second)));
    if (version >= 16)
      data.nodeEndpoints().add(new FetchResponseData.NodeEndpoint().setNodeId(3).setHost("kafka-3").setPort(9092).setRack("b"));
    return data;
  }

  static ByteBuffer bytes(Message message, short version) {
    return MessageUtil.toByteBufferAccessor(message, version).buffer();
  }

  static MemoryRecordsBuilder builder(Compression compression, TimestampType type, long baseOffset, long producerId, boolean isTransactional) {
    return new MemoryRecordsBuilder(ByteBuffer.allocate(64), RecordBatch.MAGIC_VALUE_V2, compression, type, baseOffset,
        1700000009999L, producerId, (short) (producerId < 0 ? -1 : 0), producerId < 0 ? -1 : 0, isTransactional, false, 7, 1 << 22);
  }

  /** Twelve records from offset 1000 on: keys and values that are there, empty and null, none to three headers. */
  static ByteBuffer small(Compression compression) {
    MemoryRecordsBuilder builder = builder(compression, TimestampType.CREATE_TIME, 1000, -1, false);
    for (int i = 0; i < 12; i++) {
      List<Header> headers = new ArrayList<>();
      for (int h = 0; h < i % 4; h++) headers.add(new RecordHeader("name-" + h, h == 2 ? null : ("value " + i).getBytes()));
      byte[] key = i % 3 == 0 ? null : ("key-" + i % 5).getBytes();
      byte[] value = i % 5 == 0 ? null : i % 5 == 1 ? new byte[0] : ("{\"number\":" + i + ",\"text\":\"ü\"}").getBytes(java.nio.charset.StandardCharsets.UTF_8);
      builder.append(1700000000000L + i * 1000L * (i % 2 == 0 ? 1 : -1), key, value, headers.toArray(new Header[0]));
    }
    return builder.build().buffer();
  }

  /** 2,000 records with 150 KB from offset 0 on: several blocks of each compression. */
  static ByteBuffer large(Compression compression) {
    MemoryRecordsBuilder builder = builder(compression, TimestampType.CREATE_TIME, 0, -1, false);
    String[] cities = {"Berlin", "Paris", "Oslo", "Rome"};
    for (int i = 0; i < 2000; i++) {
      String value = "{\"id\":" + i + ",\"city\":\"" + cities[i / 7 % 4] + "\",\"amount\":" + i * 7919 % 1013 + ",\"note\":\"" + "ab".repeat(i % 13) + "\"}";
      builder.append(1700000000000L + i, null, value.getBytes());
    }
    return builder.build().buffer();
  }

  static ByteBuffer logAppendTime() {
    MemoryRecordsBuilder builder = builder(Compression.NONE, TimestampType.LOG_APPEND_TIME, 5, -1, false);
    for (int i = 0; i < 3; i++) builder.append(1600000000000L + i, null, ("v" + i).getBytes());
    return builder.build().buffer();
  }

  /** Timestamps whose differences need five bytes and more. */
  static ByteBuffer longDeltas() {
    MemoryRecordsBuilder builder = builder(Compression.NONE, TimestampType.CREATE_TIME, 1L << 40, -1, false);
    for (long timestamp : new long[] {1700000000000L, 0, 4102444800000L, 1700134217728L, 1565782272000L})
      builder.append(timestamp, null, "v".getBytes());
    return builder.build().buffer();
  }

  /** 0,1: producer 1; 2: producer 2; 3: abort of 1; 4,5: producer 1 again; 6: commit of 1; 7: no transaction; 8: commit of 2. */
  static ByteBuffer transactions() {
    ByteBuffer all = ByteBuffer.allocate(4096);
    all.put(transactional(0, 1, 2));
    all.put(transactional(2, 2, 1));
    all.put(marker(3, 1, ControlRecordType.ABORT));
    all.put(transactional(4, 1, 2));
    all.put(marker(6, 1, ControlRecordType.COMMIT));
    MemoryRecordsBuilder plain = builder(Compression.NONE, TimestampType.CREATE_TIME, 7, -1, false);
    plain.append(7, null, "7".getBytes());
    all.put(plain.build().buffer());
    all.put(marker(8, 2, ControlRecordType.COMMIT));
    all.flip();
    return all;
  }

  static ByteBuffer transactional(long offset, long producerId, int count) {
    MemoryRecordsBuilder builder = builder(Compression.NONE, TimestampType.CREATE_TIME, offset, producerId, true);
    for (int i = 0; i < count; i++) builder.append(offset + i, null, String.valueOf(offset + i).getBytes());
    return builder.build().buffer();
  }

  static ByteBuffer marker(long offset, long producerId, ControlRecordType type) {
    return MemoryRecords.withEndTransactionMarker(offset, 1700000000000L, 7, producerId, (short) 0,
        new EndTransactionMarker(type, 0)).buffer();
  }

  static void print(String name, ByteBuffer buffer, boolean isLast) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    System.out.println("  \"" + name + "\": \"" + Base64.getEncoder().encodeToString(bytes) + (isLast ? "\"" : "\","));
  }
}
