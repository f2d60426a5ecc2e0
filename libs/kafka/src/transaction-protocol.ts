import { type InsideBroker } from './kafkajs-inside.ts';
import { readApiVersionsAnswer, writeApiVersions } from './protocol/api-versions.ts';
import { describeProducersKey } from './protocol/describe-producers-request.ts';
import { FrameWriter } from './protocol/frame-writer.ts';
import { type ProduceVersion } from './protocol/produce-request.ts';
import { sendFrame } from './protocol/send-frame.ts';

/** Which requests a transaction is made of. */
export interface TransactionProtocol {
  /**
   * 1 is KIP-98: partitions and the group are added to the transaction one by one, and the epoch stays the same, so a
   * late request of one transaction can still act on the next.
   * 2 is KIP-890: the broker adds what is written to, and raises the epoch with every end, so that nothing late can.
   */
  readonly transactionVersion: 1 | 2;
  readonly produce: ProduceVersion;
  readonly txnOffsetCommit: number;
  readonly endTxn: number;
  readonly initProducerId: number;
  /** Leaders can be asked what producers have open (Kafka 2.8). */
  readonly describesProducers: boolean;
}

type Versions = Omit<TransactionProtocol, 'describesProducers'>;

/** Kafka 2.5 and later know members in TxnOffsetCommit 3 (KIP-447). */
const stepByStep: Versions = {
  transactionVersion: 1,
  produce: 7,
  txnOffsetCommit: 3,
  endTxn: 1,
  initProducerId: 1,
};

const implicit: Versions = {
  transactionVersion: 2,
  produce: 12,
  txnOffsetCommit: 5,
  endTxn: 5,
  initProducerId: 4,
};

const apiKeys = { produce: 0, initProducerId: 22, endTxn: 26, txnOffsetCommit: 28 } as const;

/**
 * The newest protocol that the whole cluster has agreed on: the feature `transaction.version` is finalized only when
 * every broker knows it, so it holds for leaders and coordinators that haven't been asked.
 */
export async function negotiateTransactions(
  broker: InsideBroker,
  clientId: string | null,
  highest: 1 | 2,
): Promise<TransactionProtocol> {
  const frame = writeApiVersions(new FrameWriter(), clientId);
  const { maxVersions, features } = readApiVersionsAnswer(await sendFrame(broker, 'ApiVersions', frame));
  const offers = (key: keyof typeof apiKeys, version: number): boolean =>
    (maxVersions.get(apiKeys[key]) ?? 0) >= version;
  const describesProducers = maxVersions.has(describeProducersKey);
  const offersImplicit = (Object.keys(apiKeys) as (keyof typeof apiKeys)[]).every((key) => offers(key, implicit[key]));
  if (highest === 2 && (features.get('transaction.version') ?? 0) >= 2 && offersImplicit)
    return { ...implicit, describesProducers };
  const txnOffsetCommit = offers('txnOffsetCommit', stepByStep.txnOffsetCommit) ? stepByStep.txnOffsetCommit : 2;
  return { ...stepByStep, txnOffsetCommit, describesProducers };
}
