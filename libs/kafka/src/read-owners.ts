import { AppError, toAppError } from '@fleetstream/kernel';
import kafkajs, { type Admin } from 'kafkajs';
import { decodeMemberData } from './member-data.ts';

const { AssignerProtocol } = kafkajs;

/**
 * Who owns which partition of a topic: the advertised URL of the owner, by partition. Partitions are missing while
 * the group shares out anew.
 *
 * @throws AppError FS_BROKER_UNAVAILABLE
 */
export async function readOwners(admin: Admin, groupId: string, topic: string): Promise<Map<number, string>> {
  try {
    const { groups } = await admin.describeGroups([groupId]);
    const [group] = groups;
    if (group === undefined) throw new AppError('FS_BROKER_UNAVAILABLE', `The broker knows no group ${groupId}`);
    const owners = new Map<number, string>();
    for (const { memberMetadata, memberAssignment } of group.members) {
      if (memberMetadata.length === 0 || memberAssignment.length === 0) continue;
      const metadata = AssignerProtocol.MemberMetadata.decode(memberMetadata);
      const assignment = AssignerProtocol.MemberAssignment.decode(memberAssignment);
      if (metadata === null || assignment === null) continue;
      const { url } = decodeMemberData(metadata.userData);
      for (const partition of assignment.assignment[topic] ?? []) owners.set(partition, url);
    }
    return owners;
  } catch (thrown) {
    throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The members of ${groupId} could not be read`, { groupId });
  }
}
