import { chmod, mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, run } from "../rig/host.js";

/** A project with these files, on a host that trusts nothing yet. */
export interface Place {
  readonly folder: string;
  readonly env: Record<string, string>;
  path(...names: string[]): string;
  write(name: string, text: string, mode?: number): Promise<void>;
  /** Runs tazpod in the project. If it does not end within 20 seconds, the code is -9. */
  tazpod(...args: string[]): Promise<Ended>;
}

export async function placeWith(files: Readonly<Record<string, string>>, name = "project"): Promise<Place> {
  const folder = join(await realpath(await newFolder()), name);
  await mkdir(folder);
  const env = { TAZPOD_TRUST: "", XDG_STATE_HOME: await newFolder("state") };
  const write = async (file: string, text: string, mode = 0o644): Promise<void> => {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
    await chmod(join(folder, file), mode);
  };
  for (const [file, text] of Object.entries(files)) await write(file, text);
  return {
    folder,
    env,
    write,
    path: (...names) => join(folder, ...names),
    tazpod: async (...args) => {
      const limited = ["-s", "KILL", "20", process.execPath, bin, ...args];
      const done = await run("timeout", limited, { cwd: folder, env });
      return done.code === 137 ? { ...done, code: -9 } : done;
    },
  };
}
