import { inodeOf } from "../../host/runtime-folder.js";
import { type ContainerRecord, recordStore } from "../record.js";

/** The last start: the home was made in RAM then. */
export interface HomeRun {
  /** The home's inode number, so that another folder at its path is not taken for it. */
  readonly inode: number;
  readonly startedAt: string;
}

export type HomeRecord = ContainerRecord<HomeRun>;

export const homeRecords = recordStore<HomeRun>("homes");

/** The last start, if its home is still there, in RAM and only this user's; a reboot empties RAM. */
export async function running({ run, user }: HomeRecord): Promise<HomeRun | undefined> {
  return run !== undefined && (await inodeOf(user.home)) === run.inode ? run : undefined;
}
