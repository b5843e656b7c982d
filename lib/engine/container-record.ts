import { join } from "node:path";
import { makeFolder, readText, removeFile, writeAtomic, writeNew } from "../host/files.js";
import { parseJson } from "../host/json.js";
import { isLock, takeLock } from "../host/lock-file.js";
import { stateFolder } from "../host/paths.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { ContainerSpec, ContainerUser } from "./engine.js";

/** What tazpod records of a container for engines that keep no records themselves. `Run` describes the last start. */
export interface ContainerRecord<Run> {
  readonly version: 1;
  readonly id: string;
  readonly spec: ContainerSpec;
  readonly specHash: string;
  readonly user: ContainerUser;
  readonly run?: Run;
}

/** The records of one engine: a JSON file per container, by name, in the user's state folder. */
export interface RecordStore<Run> {
  /** Returns undefined if there is no record of that name, or the file is not a record. */
  read(name: string): Promise<Result<ContainerRecord<Run> | undefined>>;
  /** Adds a record. Failure: `changed-meanwhile` if one of that name exists. */
  add(record: ContainerRecord<Run>): Promise<Result<void>>;
  /** Replaces a record. */
  change(record: ContainerRecord<Run>): Promise<Result<void>>;
  remove(name: string): Promise<Result<void>>;
  /** Calls `launch` with the record while holding a lock against other tazpods. Failure: `container-start`. */
  launch(
    name: string,
    launch: (record: ContainerRecord<Run>) => Promise<Result<void>>,
  ): Promise<Result<void>>;
}

/** How long to wait for another tazpod that starts the same container, in ms. */
const startLimitMs = 30_000;

/** Returns the store in this folder of the state folder. The path is resolved at each call, since tests change it. */
export function recordStore<Run>(folder: string): RecordStore<Run> {
  const home = (): string => join(stateFolder(), folder);
  const file = (name: string): string => join(home(), `${name}.json`);
  const store: RecordStore<Run> = {
    async read(name) {
      const text = await readText(file(name));
      if (!text.ok || text.value === undefined) return text.ok ? ok(undefined) : text;
      const found = parseJson(text.value) as Partial<ContainerRecord<Run>> | null | undefined;
      const isRecord = found?.version === 1 && found.spec?.name === name;
      return ok(isRecord ? (found as ContainerRecord<Run>) : undefined);
    },
    async add(record) {
      const { name } = record.spec;
      const made = await makeFolder(home());
      if (!made.ok) return made;
      const added = await writeNew(file(name), lineOf(record));
      if (added.ok || added.failure.kind !== "file" || added.failure.code !== "EEXIST") return added;
      const there = await store.read(name);
      if (!there.ok) return there;
      // a file that is not a record can be replaced
      if (there.value === undefined) return store.change(record);
      return fail({ kind: "changed-meanwhile", detail: `Another tazpod has just created ${name}` });
    },
    change: (record) => writeAtomic(file(record.spec.name), lineOf(record)),
    remove: (name) => removeFile(file(name)),
    async launch(name, launch) {
      const lock = await takeLock(join(home(), `${name}.lock`), startLimitMs);
      if (!lock.ok) return lock;
      if (!isLock(lock.value))
        return fail({ kind: "container-start", name, detail: `process ${lock.value.pid} is starting it` });
      try {
        const record = await store.read(name);
        if (!record.ok) return record;
        if (record.value === undefined)
          return fail({ kind: "container-start", name, detail: "it does not exist" });
        return await launch(record.value);
      } finally {
        await lock.value.release();
      }
    },
  };
  return store;
}

const lineOf = (record: ContainerRecord<unknown>): string => `${JSON.stringify(record)}\n`;
