import { join } from "node:path";
import * as assert from "uvu/assert";
import { fileHash } from "../../lib/host/file-hash.js";
import { stat } from "../../lib/host/files.js";
import { fetchCopy, numberedCopies } from "../../lib/remote/copies.js";
import { checkStaleness } from "../../lib/remote/local-vault.js";
import { historyMark } from "../../lib/remote/history-name.js";
import { mergeRemote } from "../../lib/remote/merge-remote.js";
import { openRemote } from "../../lib/remote/open-remote.js";
import { pull } from "../../lib/remote/pull.js";
import { push } from "../../lib/remote/push.js";
import { restoreCopy } from "../../lib/remote/restore-copy.js";
import type { Remote, RemoteObject, RemoteSettings } from "../../lib/remote/remote-types.js";
import { ok } from "../../lib/failure/result.js";
import { Secret } from "../../lib/host/secret.js";
import type { VaultFormat } from "../../lib/vault/vault-format.js";
import { sealInto } from "../../lib/vault/seal-into.js";
import { vaultFileName } from "../../lib/vault/store.js";
import { Chance } from "./chance.js";
import { type Change, type Contents, EditLog } from "./edit-log.js";
import { newFolder } from "./folder.js";
import { failure, value } from "./result.js";
import { dies } from "./victim.js";
import { filesIn, type ReadVault, tarOf } from "./vault-of-files.js";

export interface MonthRequest {
  readonly settings: RemoteSettings;
  readonly format: VaultFormat;
  readonly seed: number;
  readonly hosts: number;
  readonly days: number;
  /** Percentage of pushes and pulls that are killed. */
  readonly killed: number;
}

/** How often each happened. */
export type Tally = Record<
  "save" | "push" | "pull" | "refused" | "merge" | "conflict" | "restore" | "anew" | "killed" | "edit",
  number
>;

interface Host {
  readonly name: string;
  folder: string;
  /** What is in its vault; undefined if it has none. */
  vault: ReadVault | undefined;
  /** Saved changes that are not on the remote. */
  unpushed: Change[];
  /** The sha256 of the remote's sealed file from which the local vault was made. */
  base: string | undefined;
  /** Number of days without network. */
  offline: number;
}

interface Write {
  readonly object: RemoteObject;
  readonly files: Contents;
}

const limitBytes = 2 ** 24;
const { signal } = new AbortController();
const folders = ["", "", "aws/", "aws/keys/", "ssh/", "notes/2026/"];
/** Some are also names of folders, which conflict now and then. */
const names = ["a", "b", "c", "d", "e", "f", "ssh", "aws", "keys"];
const pushSteps = ["looked", "kept-old", "noted", "written", "recorded", "verified", "kept"];
const pullSteps = ["begun", "writing", "fetched", "backed-up", "replaced", "recorded"];

/**
 * Several hosts that use one remote for some days, with random decisions from the seed. Throws on inconsistent results.
 * Afterwards `log` has what must be in the vault.
 */
export class Month {
  readonly log = new EditLog();
  readonly tally: Tally = {
    ...{ save: 0, push: 0, pull: 0, refused: 0, merge: 0 },
    ...{ conflict: 0, restore: 0, anew: 0, killed: 0, edit: 0 },
  };
  readonly #request: MonthRequest;
  /** What was done, for debugging. */
  readonly diary: string[] = [];
  readonly #chance: Chance;
  readonly #remote: Remote;
  readonly #hosts: readonly Host[];
  readonly #passphrase = Secret.fromText("correct horse battery");
  /** In their order. */
  readonly #writes: Write[] = [];
  /** Percentage of pushes and pulls that are killed. */
  #killed: number;

  private constructor(request: MonthRequest, remote: Remote, hosts: readonly Host[]) {
    this.#request = request;
    this.#chance = new Chance(request.seed);
    this.#remote = remote;
    this.#hosts = hosts;
    this.#killed = request.killed;
  }

  static async begin(request: MonthRequest): Promise<Month> {
    const hosts: Host[] = [];
    for (let number = 1; number <= request.hosts; number++) {
      const name = `host-${number}`;
      const folder = await newFolder(name);
      hosts.push({ name, folder, vault: undefined, unpushed: [], base: undefined, offline: 0 });
    }
    const month = new Month(request, await openRemote(request.settings), hosts);
    const [first, ...others] = hosts;
    assert.ok(first);
    await month.#edit(first);
    await month.#push(first);
    for (const host of others) await month.#pull(host);
    return month;
  }

  async run(): Promise<void> {
    for (let day = 0; day < this.#request.days; day++) {
      const awake = this.#chance.shuffled(this.#hosts).filter(() => this.#chance.percent(60));
      for (const host of awake) await this.#morning(host);
      for (const host of awake) await this.#edit(host);
      for (const host of this.#chance.shuffled(awake)) await this.#evening(host);
    }
  }

  /** All hosts push and merge until they agree; returns the content of the vault. */
  async agree(): Promise<Contents> {
    this.#killed = 0;
    for (const _ of ["everything comes to the remote", "and from there to everybody"])
      for (const host of this.#hosts) {
        host.offline = 0;
        await this.#catchUp(host, 100);
        await this.#push(host);
      }
    const last = this.#last();
    for (const host of this.#hosts) {
      assert.is((await checkStaleness(this.#remote, host.folder)).state, "current", host.name);
      assert.not.ok(value(await push({ remote: this.#remote, folder: host.folder })).uploaded);
      host.vault = await this.#read(host);
      assert.equal(sorted(host.vault?.files), sorted(last.files), `${host.name} has something else`);
    }
    return last.files;
  }

  /** Checks that every replaced write has an unchanged copy in the history, in the order of the writes. */
  async checkHistory(): Promise<void> {
    const copies = value(await numberedCopies(this.#remote, signal));
    const marks = copies.map(({ mark }) => mark);
    for (const { object } of this.#writes.slice(0, -1))
      assert.ok(marks.includes(historyMark(object)), `generation ${object.generation} has no copy`);
    const generations = copies.map(({ generation = 0 }) => generation);
    assert.equal(
      generations,
      generations.toSorted((a, b) => b - a),
    );
    const folder = await newFolder("copies");
    for (const copy of copies) {
      const { temp, sha256 } = value(await fetchCopy(this.#remote, copy.name, folder, signal));
      await temp.discard();
      const write = this.#writes.find(({ object }) => historyMark(object) === copy.mark);
      assert.is(sha256, write?.object.sha256, copy.name);
    }
  }

  async #morning(host: Host): Promise<void> {
    const chance = this.#chance;
    if (host.offline > 0) return;
    if (chance.percent(6)) host.offline = 1 + chance.below(8);
    if (chance.percent(3)) await this.#setUpAnew(host);
    await this.#catchUp(host, 85);
    if (chance.percent(4)) await this.#restore(host);
  }

  async #evening(host: Host): Promise<void> {
    if (host.offline > 0) return void host.offline--;
    if (host.vault === undefined) return;
    if (this.#chance.percent(this.#killed)) return this.#killedPush(host);
    const pushed = await this.#push(host);
    if (!pushed && this.#chance.percent(60)) {
      await this.#merge(host);
      if (this.#chance.percent(80)) await this.#push(host);
    }
  }

  /** Takes what the remote has, in this percentage of cases. */
  async #catchUp(host: Host, often: number): Promise<void> {
    if (host.vault === undefined) return this.#pull(host);
    const found = await checkStaleness(this.#remote, host.folder);
    assert.is.not(found.state, "unknown", JSON.stringify(found));
    if (!this.#chance.percent(often)) return;
    if (found.state === "newer") {
      if (this.#chance.percent(this.#killed)) await this.#killedPull(host);
      else await this.#pull(host);
    }
    if (found.state === "diverged") await this.#merge(host);
  }

  async #edit(host: Host): Promise<void> {
    if (host.vault === undefined && this.#writes.length > 0) return;
    // the open content equals the vault's
    const before = (host.vault = await this.#read(host));
    const files = new Map(before?.files);
    const changes: Change[] = [];
    const count = before === undefined ? 12 : this.#chance.below(4);
    for (let left = count; left > 0; left--) changes.push(...this.#change(files, host));
    if (changes.length === 0) return;
    const sealed = await sealInto({
      folder: host.folder,
      source: () => tarOf(files),
      passphrase: this.#passphrase,
      format: this.#request.format,
      limitBytes,
      ...(before === undefined
        ? {}
        : {
            from: {
              generation: before.manifest?.generation ?? 0,
              parent: { sealed: (await this.#hash(host)) ?? "", content: before.digest },
            },
          }),
    });
    value(sealed);
    this.tally.save++;
    host.vault = await this.#read(host);
    host.unpushed.push(...changes);
    this.diary.push(`${host.name} saved ${inWords(changes)}`);
  }

  /** Adds, changes or removes one file. */
  #change(files: Map<string, string>, { name }: Host): readonly Change[] {
    const chance = this.#chance;
    const there = [...files.keys()].toSorted();
    const content = `edit ${++this.tally.edit} by ${name}`;
    if (there.length > 0 && chance.percent(25)) {
      const path = chance.pick(there);
      const replaces = files.get(path) ?? "";
      files.delete(path);
      return [{ path, replaces }];
    }
    const path = there.length > 0 && chance.percent(50) ? chance.pick(there) : newPath(chance);
    if (there.some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`))) return [];
    const replaces = files.get(path);
    files.set(path, content);
    return [{ path, content, ...(replaces === undefined ? {} : { replaces }) }];
  }

  async #push(host: Host): Promise<boolean> {
    const { name, folder, base } = host;
    const seen = this.#writes.at(-1)?.object.sha256 === base;
    const pushed = await push({ remote: this.#remote, folder, host: name });
    if (!pushed.ok) {
      failure(pushed, "conflict");
      assert.not.ok(seen, `${name} has seen everything, and may not push`);
      this.tally.refused++;
      return false;
    }
    assert.is(pushed.value.historyProblem, undefined);
    if (pushed.value.uploaded) {
      assert.ok(seen, `${name} has pushed over what it has not seen`);
      await this.#written(host);
    }
    return true;
  }

  async #killedPush(host: Host): Promise<void> {
    await this.#kill("push", host, this.#chance.pick(pushSteps));
    const found = await this.#remote.head();
    assert.is(found.state, "present");
    if (found.state !== "present" || found.object.sha256 !== (await this.#hash(host))) return;
    if (found.object.writeId !== this.#last().object.writeId) await this.#written(host);
  }

  /** The remote has this host's vault. */
  async #written(host: Host): Promise<void> {
    const found = await this.#remote.head();
    assert.is(found.state, "present");
    if (found.state !== "present" || host.vault === undefined) return;
    const { object } = found;
    const before = this.#writes.at(-1)?.object;
    assert.is(object.sha256, await this.#hash(host));
    assert.ok((object.generation ?? 0) > (before?.generation ?? 0), "the generation did not go up");
    this.diary.push(`${host.name} wrote gen ${object.generation}: ${inWords(host.unpushed)}`);
    this.#writes.push({ object, files: host.vault.files });
    this.log.acknowledge(host.unpushed);
    host.unpushed = [];
    host.base = object.sha256;
    this.tally.push++;
  }

  async #pull(host: Host): Promise<void> {
    value(await pull({ remote: this.#remote, folder: host.folder }));
    this.tally.pull++;
    await this.#pulled(host);
  }

  async #pulled(host: Host): Promise<void> {
    const last = this.#last();
    assert.is(await this.#hash(host), last.object.sha256);
    host.vault = await this.#read(host);
    assert.equal(sorted(host.vault?.files), sorted(last.files));
    assert.equal(host.unpushed, []);
    host.base = last.object.sha256;
    this.diary.push(`${host.name} pulled gen ${last.object.generation}`);
  }

  async #killedPull(host: Host): Promise<void> {
    const before = await this.#hash(host);
    await this.#kill("pull", host, this.#chance.pick(pullSteps));
    if ((await this.#hash(host)) !== before) await this.#pulled(host);
  }

  async #merge(host: Host): Promise<void> {
    const [ours, theirs] = [host.vault?.files ?? new Map<string, string>(), this.#last()];
    const base = this.#writes.find(({ object }) => object.sha256 === host.base);
    assert.ok(base);
    const passphrase = this.#passphrase;
    const merged = await mergeRemote({
      remote: this.#remote,
      folder: host.folder,
      limitBytes,
      passphrases: async () => ok({ ours: passphrase, theirs: passphrase }),
      signal,
    });
    const { conflicts, hasBase } = value(merged);
    assert.ok(hasBase, `${host.name} does not know what it comes from`);
    this.diary.push(
      `${host.name} merged gen ${theirs.object.generation}: ${JSON.stringify(conflicts)} pending ${inWords(host.unpushed)}`,
    );
    for (const { path, kept } of conflicts) {
      for (const side of [ours, theirs.files])
        assert.is.not(at(side, path), at(base.files, path), `only one side changed ${path}`);
      this.log.conflict(path, kept, [ours, theirs.files]);
      if (kept.includes(path) && at(ours, path) === undefined) dropRemoval(host, path);
    }
    host.vault = await this.#read(host);
    host.base = theirs.object.sha256;
    this.tally.merge++;
    this.tally.conflict += conflicts.length;
  }

  async #restore(host: Host): Promise<void> {
    const copies = value(await numberedCopies(this.#remote, signal));
    const at = 1 + this.#chance.below(Math.min(copies.length, 6));
    const toSeal = this.#passphrase;
    const restored = await restoreCopy({
      remote: this.#remote,
      folder: host.folder,
      at: String(at),
      force: true,
      passphrases: async () => ok({ ofCopy: toSeal, toSeal }),
      signal,
    });
    const { mark } = value(restored).copy;
    const copied = this.#writes.find(({ object }) => historyMark(object) === mark);
    this.diary.push(
      `${host.name} restored ${at} gen ${copied?.object.generation} over ${this.#last().object.generation}; dropped ${inWords(host.unpushed)}`,
    );
    assert.ok(copied, "a copy of nothing that was written");
    const over = this.#last();
    // changes that were not pushed are only in the backup
    host.unpushed = [{ back: copied.files, over: over.files }];
    host.base = over.object.sha256;
    host.vault = await this.#read(host);
    assert.equal(sorted(host.vault?.files), sorted(copied.files));
    this.tally.restore++;
  }

  async #setUpAnew(host: Host): Promise<void> {
    this.diary.push(`${host.name} anew, dropped ${inWords(host.unpushed)}`);
    host.folder = await newFolder(host.name);
    host.vault = undefined;
    host.unpushed = [];
    host.base = undefined;
    this.tally.anew++;
    await this.#pull(host);
  }

  async #kill(what: "push" | "pull", host: Host, step: string): Promise<void> {
    const { settings } = this.#request;
    await dies({ what, settings, folder: host.folder, step, keep: 0 });
    this.diary.push(`${host.name} killed ${what} at ${step}`);
    this.tally.killed++;
  }

  #last(): Write {
    const last = this.#writes.at(-1);
    assert.ok(last);
    return last;
  }

  async #read(host: Host): Promise<ReadVault | undefined> {
    const path = join(host.folder, vaultFileName);
    return value(await stat(path)) === undefined ? undefined : filesIn(path, this.#passphrase);
  }

  async #hash({ folder }: Host): Promise<string | undefined> {
    const path = join(folder, vaultFileName);
    return value(await stat(path)) === undefined ? undefined : value(await fileHash(path));
  }
}

/**
 * A removal that lost a conflict has no effect any more. One of a content that was never pushed, or that this host has
 * restored since, stays: that is gone.
 */
function dropRemoval(host: Host, path: string): void {
  const own = host.unpushed.flatMap((change) => {
    if (!("back" in change)) return change.content ?? [];
    const over = new Set(change.over.values());
    return [...change.back.values()].filter((content) => !over.has(content));
  });
  host.unpushed = host.unpushed.filter(
    (change) =>
      "back" in change ||
      change.path !== path ||
      change.content !== undefined ||
      own.includes(change.replaces ?? ""),
  );
}

/** A file's content; of a folder, what is in it. */
function at(files: Contents, path: string): string | undefined {
  const inside = sorted(new Map([...files].filter(([other]) => other.startsWith(`${path}/`))));
  return files.get(path) ?? (inside.length === 0 ? undefined : inside.join("\n"));
}

function newPath(chance: Chance): string {
  return `${chance.pick(folders)}${chance.pick(names)}`;
}

function sorted(files: Contents | undefined): readonly string[] {
  return [...(files ?? [])].map(([path, content]) => `${path}: ${content}`).toSorted();
}

function inWords(changes: readonly Change[]): string {
  const words = changes.map((change) =>
    "back" in change ? "a restore" : `${change.path}: ${change.replaces ?? "-"} → ${change.content ?? "-"}`,
  );
  return words.length === 0 ? "nothing" : words.join(", ");
}
