import { dirname, join } from "node:path";
import { inodeOf, freeBytes, folderProblem } from "../../host/runtime-folder.js";
import { type ContainerRecord, recordStore } from "../container-record.js";
import { now, sleep } from "../../host/clock.js";
import { makeFolder, makeLink } from "../../host/files.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { mountsOf } from "../spec.js";
import { secretsFolder } from "../container-paths.js";
import type { ContainerSpec, ContainerUser } from "../engine.js";
import { endProcess } from "../../host/process-identity.js";
import { processesWithVariable, signalProcess } from "../../host/process-table.js";
import { capture } from "../../host/process.js";
import { homeVariable } from "./environment.js";

/** The last start, which made the home in RAM. */
export interface HomeRun {
  /** The home's inode number, which tells it from another folder at the same path. */
  readonly inode: number;
  readonly startedAt: string;
}

export type HomeRecord = ContainerRecord<HomeRun>;

export const homeRecords = recordStore<HomeRun>("homes");

/** Returns the last start if its home still exists, in RAM and private to this user; a reboot empties RAM. */
export async function currentRun({ run, user }: HomeRecord): Promise<HomeRun | undefined> {
  return run !== undefined && (await inodeOf(user.home)) === run.inode ? run : undefined;
}

/** Minimum free space for a home, in bytes. */
const minBytes = 1024 * 1024;

/** Creates the home of a record that has none. Failure: `container-start`. */
export function startHome(name: string): Promise<Result<void>> {
  return homeRecords.launch(name, async (record) =>
    (await currentRun(record)) !== undefined ? ok(undefined) : makeHome(record),
  );
}

async function makeHome(record: HomeRecord): Promise<Result<void>> {
  const { home } = record.user;
  const { name } = record.spec;
  const above = dirname(home);
  const refused = (detail: string): Result<never> => fail({ kind: "container-start", name, detail });
  const wrong = (await folderProblem(dirname(above))) ?? (await folderProblem(above));
  if (wrong !== undefined) return refused(wrong);
  const free = await freeBytes(above);
  if (!free.ok) return free;
  if (free.value < minBytes)
    return refused(
      `it needs at least 1 MiB in ${above}, where only ${Math.floor(free.value / 1024)} KiB are free`,
    );
  const filled = await fill(record);
  if (!filled.ok) return filled;
  const inode = await inodeOf(home);
  if (inode === undefined) return refused((await folderProblem(home)) ?? `${home} was removed`);
  return homeRecords.change({ ...record, run: { inode, startedAt: now().toISOString() } });
}

/** Creates the folders and links of a home. Reuses what an interrupted start has created. */
async function fill({ spec, user }: HomeRecord): Promise<Result<void>> {
  for (const folder of [user.home, secretsFolder(user.home)]) {
    const made = await makeFolder(folder);
    if (!made.ok) return made;
  }
  for (const { source, target } of linked(spec, user)) {
    const made = await makeFolder(dirname(target));
    const placed = made.ok ? await makeLink(source, target) : made;
    if (!placed.ok) return placed;
  }
  return ok(undefined);
}

/** Returns the mounts that a link in the home can replace. */
function linked(spec: ContainerSpec, user: ContainerUser): { source: string; target: string }[] {
  const { agentFolder: _, ...rest } = spec;
  return mountsOf({ ...rest, workspace: "copy" }, user).flatMap(({ source, target }) => {
    const path = pathInHome(spec, target, user.home);
    return path === undefined ? [] : [{ source, target: join(user.home, path) }];
  });
}

/** Returns the mount targets outside the home: without a mount namespace they cannot be mounted. */
export function ignoredMounts(spec: ContainerSpec): string[] {
  const targets = spec.mounts.map(({ target }) => target);
  return targets.filter((target) => pathInHome(spec, target) === undefined);
}

/** Returns a target's path relative to the home. Settings name the home that the user would have in a container. */
function pathInHome({ user }: ContainerSpec, target: string, home?: string): string | undefined {
  const homes = [user === "root" ? "/root" : `/home/${user}`, ...(home === undefined ? [] : [home])];
  const above = homes.find((one) => target.startsWith(`${one}/`));
  return above === undefined ? undefined : target.slice(above.length + 1);
}

/** How long a process may take to end after SIGTERM, in ms. */
const graceMs = 2_000;

// a read-only folder would keep its content
const removeScript = '[ -d "$1" ] || exit 0; chmod -R u+rwX -- "$1"; rm -rf -- "$1"';

/** Returns the command that removes a home. */
export function removal(home: string): readonly string[] {
  return ["sh", "-c", removeScript, "tazpod", home];
}

/** Ends every process of a home, and removes the home. Failure: `command-failed` names what is left. */
export async function endHome({ user: { home } }: HomeRecord): Promise<Result<void>> {
  const left = (): Promise<Map<number, string>> => processesWithVariable(homeVariable, home);
  for (const [pid] of await left()) signalProcess(pid, "SIGTERM");
  for (let waited = 0; waited < graceMs && (await left()).size > 0; waited += 50) await sleep(50);
  for (const [pid, identity] of await left())
    if (!(await endProcess(pid, identity)))
      return failed(["kill", String(pid)], undefined, "the process does not end");
  const removed = await capture(removal(home));
  if (!removed.ok) return removed;
  const { code, stderr } = removed.value;
  return code === 0 ? ok(undefined) : failed(["rm", "-rf", home], code, stderr);
}

function failed(command: readonly string[], code: number | undefined, detail: string): Result<never> {
  return fail({ kind: "command-failed", command, code, detail });
}
