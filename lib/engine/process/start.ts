import { dirname, join } from "node:path";
import { now } from "../../host/clock.js";
import { makeFolder, makeLink } from "../../host/files.js";
import { freeBytes, inodeOf, folderProblem } from "../../host/runtime-folder.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { mountsOf } from "../mounts.js";
import { secretsFolder } from "../paths.js";
import type { ContainerSpec, ContainerUser } from "../types.js";
import { type HomeRecord, homeRecords, running } from "./run.js";

/** A home takes more room than that, in bytes. */
const leastBytes = 1024 * 1024;

/** Makes the home of a record that has none. Failure: `container-start`. */
export function startHome(name: string): Promise<Result<void>> {
  return homeRecords.launch(name, async (record) =>
    (await running(record)) !== undefined ? ok(undefined) : makeHome(record),
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
  if (free.value < leastBytes)
    return refused(
      `only ${Math.floor(free.value / 1024)} KiB are free in ${above}, and it needs at least 1 MiB`,
    );
  const filled = await fill(record);
  if (!filled.ok) return filled;
  const inode = await inodeOf(home);
  if (inode === undefined) return refused((await folderProblem(home)) ?? `${home} is gone`);
  return homeRecords.change({ ...record, run: { inode, startedAt: now().toISOString() } });
}

/** Makes the folders and links of a home. What an earlier start that was cut short has made is used again. */
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

/** Those mounts that a link in the home can stand for, with its path. */
function linked(spec: ContainerSpec, user: ContainerUser): { source: string; target: string }[] {
  const { agentFolder: _, ...rest } = spec;
  return mountsOf({ ...rest, workspace: "copy" }, user).flatMap(({ source, target }) => {
    const path = pathInHome(spec, target, user.home);
    return path === undefined ? [] : [{ source, target: join(user.home, path) }];
  });
}

/** The targets that have no place: without a mount namespace, a path outside of the home is the host's own. */
export function ignoredMounts(spec: ContainerSpec): string[] {
  const targets = spec.mounts.map(({ target }) => target);
  return targets.filter((target) => pathInHome(spec, target) === undefined);
}

/** Where in the home a target is: the settings give it for the home that the user has in a container. */
function pathInHome({ user }: ContainerSpec, target: string, home?: string): string | undefined {
  const homes = [user === "root" ? "/root" : `/home/${user}`, ...(home === undefined ? [] : [home])];
  const above = homes.find((one) => target.startsWith(`${one}/`));
  return above === undefined ? undefined : target.slice(above.length + 1);
}
