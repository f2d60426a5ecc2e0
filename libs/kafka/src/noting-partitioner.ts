import { type ICustomPartitioner, Partitioners } from 'kafkajs';

/** The partition that each message object was last given. */
export type PartitionNotes = WeakMap<object, number>;

/**
 * kafkajs' default partitioner, which places keys as the Java client does (murmur2), and notes where: kafkajs answers a
 * send per partition, and without the notes nobody could say which record got which offset.
 */
export function createNotingPartitioner(notes: PartitionNotes): ICustomPartitioner {
  return () => {
    const choose = Partitioners.DefaultPartitioner();
    return (args) => {
      const partition = choose(args);
      notes.set(args.message, partition);
      return partition;
    };
  };
}
