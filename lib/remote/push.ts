import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Failure } from "../failure/failure.js";
import { now, sleep } from "../host/clock.js";
import { statRegularFile, removeFile } from "../host/files.js";
import { linkTemp } from "../host/temp-file.js";
import { Failed, fail, type Result, settle, take } from "../failure/result.js";
import {
  changeState,
  withPending,
  withPushed,
  type PendingRecord,
  type PushedRecord,
  isKnownHere,
} from "../vault/vault-state.js";
import { cleanLeftovers, vaultFileName } from "../vault/store.js";
import { isPushed, type LocalVault, readLocal } from "./local-vault.js";
import { remoteChanged, rollbackFailure, vanishedFailure } from "./last-synced.js";
import type { TransferRequest } from "./pull.js";
import { type EarlierCopies, listEarlierCopies, prune } from "./prune.js";
import { type Known, maxParents, type RemoteObject, type WriteCondition } from "./remote-types.js";
import { shortName } from "../vault/lineage.js";
import { requireKnown } from "./presence.js";

/** The step just completed; tests stop the process there. */
type PushStep = "looked" | "kept-old" | "noted" | "written" | "recorded" | "verified" | "kept" | "pruned";

/** How often a refused write is tried again. */
const maxTries = 4;

/** The settings of a push. */
export interface PushRequest extends TransferRequest {
  /** This host's name in the metadata; the system's by default. */
  readonly host?: string;
  /** How many history copies to keep; all, unless it is a whole number above 0. */
  readonly retention?: number;
  /** Pushes only bytes that this host has sealed, pulled or opened. */
  readonly ownOnly?: boolean;
  readonly onStep?: (step: PushStep) => void;
}

/** The result of a push. */
export interface Pushed {
  /** False when the remote already has this vault. */
  readonly uploaded: boolean;
  /** Whether the vault pushed before had vanished from the remote. */
  readonly wasGone: boolean;
  readonly record: PushedRecord;
  /** Why the pushed vault could not be copied into the history, or old copies not removed. */
  readonly historyProblem?: Failure;
}

interface Keeping {
  /** Whether to check for an existing copy first. */
  readonly checkFirst: boolean;
  readonly copies: EarlierCopies;
}

/**
 * Pushes the local vault to the remote. Never overwrites what this host has not synced: the write is conditional on the
 * remote still having the version last pushed or pulled; otherwise it is a `conflict`, with or without `force`, and
 * nothing changes. A push whose answer was lost is recognised by its write id.
 *
 * Then the remote copies the pushed version into its history. If a push ends before that, the next one copies the
 * version before replacing it, so the history has no gaps. Nothing is uploaded twice, and a conflict leaves nothing
 * behind.
 *
 * Failures: `vault-absent`, `conflict`, `remote-rollback`, `file`, `interrupted`, and those of the remote.
 */
export async function push(request: PushRequest): Promise<Result<Pushed>> {
  await cleanLeftovers(request.folder);
  for (let left = 5; ; left -= 1) {
    const pushed = await pushSnapshot(request);
    if (pushed.ok || pushed.failure.kind !== "vault-unknown" || left === 0) return pushed;
    // another session has just replaced the vault, and records that in a moment
    await sleep(200, request.signal);
  }
}

async function pushSnapshot(request: PushRequest): Promise<Result<Pushed>> {
  const { folder } = request;
  const path = join(folder, vaultFileName);
  const here = await statRegularFile(path);
  if (!here.ok) return here;
  if (here.value === undefined) return fail({ kind: "vault-absent", path });
  // A hard link, so that the hashed file is the uploaded one even if a save replaces the vault.
  const snapshot = await linkTemp(folder, vaultFileName, path);
  if (!snapshot.ok) return snapshot;
  const result = await settle(() => pushFile(request, snapshot.value));
  await removeFile(snapshot.value);
  return result;
}

async function pushFile(request: PushRequest, from: string): Promise<Pushed> {
  const { remote, folder, signal, force = false } = request;
  const local = take(await readLocal(folder, { signal, bytesFrom: from }));
  const { sha256, path } = local;
  if (sha256 === undefined) throw new Failed({ kind: "vault-absent", path });
  if (request.ownOnly === true && !isKnownHere(local.state, sha256))
    throw new Failed({ kind: "vault-unknown", path });
  const { pushed } = local.state;
  if (pushed !== undefined && isPushed(local, remote.url) && !force)
    return { uploaded: false, wasGone: false, record: pushed };
  return new Push(request, { ...local, sha256 }, from).run();
}

class Push {
  readonly #request: PushRequest;
  readonly #local: LocalVault & { readonly sha256: string };
  readonly #from: string;
  readonly #pending: PendingRecord[];

  constructor(request: PushRequest, local: LocalVault & { readonly sha256: string }, from: string) {
    this.#request = request;
    this.#local = local;
    this.#from = from;
    this.#pending = (local.state.pending ?? []).filter(({ remote }) => remote === request.remote.url);
  }

  async run(): Promise<Pushed> {
    const { remote, signal } = this.#request;
    let found = requireKnown(await remote.head(signal));
    this.#step("looked");
    for (let tries = 0; tries < maxTries; tries++) {
      const there = this.#sameVault(found);
      if (there !== undefined) return this.#recordExisting(there);
      const condition = this.#condition(found);
      if (found.state === "present" && !(await this.#keepOld(found.object))) {
        found = requireKnown(await remote.head(signal));
        continue;
      }
      const uploaded = await this.#upload(found, condition);
      if ("uploaded" in uploaded) return uploaded;
      // an earlier push of this host arrived only now, or the vault was removed; otherwise the condition throws
      found = uploaded;
    }
    throw new Failed(keepsChanging(remote.url));
  }

  /** Returns the remote's object if it is this vault. */
  #sameVault(found: Known): RemoteObject | undefined {
    if (found.state === "absent") return undefined;
    const { object } = found;
    const ours = this.#lostPush(object);
    if ((object.sha256 ?? ours?.sha256) !== this.#local.sha256) return undefined;
    // with force it is written again, unless this host has just written it
    return this.#request.force === true && ours === undefined ? undefined : object;
  }

  /** Returns the push of this host that wrote the object, if its answer was lost. */
  #lostPush(object: RemoteObject): PendingRecord | undefined {
    return this.#pending.find(({ writeId }) => writeId === object.writeId);
  }

  /** Returns the condition for the write; throws the conflict. */
  #condition(found: Known): WriteCondition {
    const { pushed } = this.#local.state;
    const { url } = this.#request.remote;
    const vanished = this.#request.force === true ? undefined : vanishedFailure(found, pushed, url);
    if (vanished !== undefined) throw new Failed(vanished);
    if (found.state === "absent") return "absent";
    const { object } = found;
    const seen = pushed?.remote === url && pushed.etag === object.etag;
    if (seen || this.#lostPush(object) !== undefined || object.sha256 === this.#local.sha256)
      return { replaces: object.etag };
    throw new Failed(
      rollbackFailure(object, this.#local.state, url) ?? notSeenHere(this.#local, object, url),
    );
  }

  /** Copies the current version into the history; false when the remote has changed. */
  async #keepOld(object: RemoteObject): Promise<boolean> {
    const { remote, signal } = this.#request;
    const { pushed } = this.#local.state;
    if (pushed?.etag === object.etag && pushed.remote === remote.url && pushed.history !== undefined)
      return true;
    const kept = await remote.history.keep({
      object,
      checkFirst: true,
      signal,
    });
    this.#step("kept-old");
    return take(kept).state === "kept";
  }

  async #upload(found: Known, condition: WriteCondition): Promise<Pushed | Known> {
    const { remote, folder, host = hostname(), signal, progress } = this.#request;
    const { sha256, state } = this.#local;
    const writeId = randomUUID();
    const parents = (state.lineage ?? []).filter((name) => name !== shortName(sha256)).slice(0, maxParents);
    const generation = this.#generation(found);
    const pending = { remote: remote.url, sha256, writeId, generation };
    this.#pending.push(pending);
    take(await changeState(folder, (before) => withPending(before, pending)));
    this.#step("noted");
    const copies = this.#copies();
    const uploaded = take(
      await remote.upload({
        from: this.#from,
        metadata: { host, writeId, generation, sha256, parents },
        condition,
        signal,
        progress,
      }),
    );
    if (uploaded.state === "refused") return uploaded.found;
    this.#step("written");
    const record = await this.#record(uploaded.object, generation);
    const wasGone = found.state === "absent" && state.pushed?.remote === remote.url;
    return this.#finish(uploaded.object, { uploaded: true, wasGone, record }, copies);
  }

  /** Returns a generation above the replaced one's and above any that this host has seen there. */
  #generation(found: Known): number {
    const { pushed, sealed } = this.#local.state;
    const before = Math.max(
      found.state === "present" ? (found.object.generation ?? 0) : 0,
      pushed?.remote === this.#request.remote.url ? (pushed.generation ?? 0) : 0,
    );
    const own = sealed?.sha256 === this.#local.sha256 ? sealed.generation : 0;
    return Math.max(own, before + 1);
  }

  async #recordExisting(object: RemoteObject): Promise<Pushed> {
    const generation = object.generation ?? this.#local.state.pushed?.generation ?? 0;
    const record = await this.#record(object, generation);
    const pushed = { uploaded: false, wasGone: false, record };
    // the earlier push ended before copying it
    if (this.#lostPush(object) === undefined) return pushed;
    return this.#tryToKeep(object, pushed, { checkFirst: true, copies: this.#copies() });
  }

  async #record(object: RemoteObject, generation: number, history?: string): Promise<PushedRecord> {
    const { remote, folder } = this.#request;
    const { sha256, state } = this.#local;
    const record: PushedRecord = {
      remote: remote.url,
      sha256,
      etag: object.etag,
      at: now().toISOString(),
      generation,
      writeId: object.writeId,
      host: object.host,
      ...(state.sealed?.sha256 === sha256 ? { content: state.sealed.content } : {}),
      history,
    };
    take(await changeState(folder, (before) => withPushed(before, record)));
    this.#step("recorded");
    return record;
  }

  /** Finishes the push; the next push makes up for failures from here on. */
  async #finish(written: RemoteObject, pushed: Pushed, copies: EarlierCopies): Promise<Pushed> {
    const { remote, signal } = this.#request;
    const found = await remote.head(signal);
    this.#step("verified");
    if (found.state === "unknown") return { ...pushed, historyProblem: found.failure };
    // the host that replaced it has copied it before
    if (found.state === "absent" || found.object.writeId !== written.writeId) return pushed;
    if (found.object.bytes !== written.bytes)
      throw new Failed(incompleteObject(found.object, written, remote.url));
    return this.#tryToKeep(found.object, pushed, { checkFirst: false, copies });
  }

  async #tryToKeep(object: RemoteObject, pushed: Pushed, keeping: Keeping): Promise<Pushed> {
    const kept = await settle(() => this.#keep(object, pushed, keeping));
    return kept.ok ? kept.value : { ...pushed, historyProblem: kept.failure };
  }

  async #keep(object: RemoteObject, pushed: Pushed, { checkFirst, copies }: Keeping): Promise<Pushed> {
    const { remote, signal } = this.#request;
    const stop = signal === undefined ? {} : { signal };
    const kept = take(await remote.history.keep({ object, from: this.#from, checkFirst, ...stop }));
    this.#step("kept");
    if (kept.state === "changed") return pushed;
    const record = await this.#record(object, pushed.record.generation ?? 0, kept.name);
    if (copies !== undefined) {
      await prune(remote, kept.name, take(await copies), this.#request);
      this.#step("pruned");
    }
    return { ...pushed, record };
  }

  #copies(): EarlierCopies {
    const { remote, signal, retention } = this.#request;
    return listEarlierCopies(remote, retention, signal);
  }

  #step(step: PushStep): void {
    this.#request.onStep?.(step);
  }
}

function notSeenHere({ path, state }: LocalVault, object: RemoteObject, url: string): Failure {
  return {
    kind: "conflict",
    message: `${remoteChanged(object, url, state.pushed)}; nothing was pushed, and ${path} is unchanged`,
    hint: "Run `tazpod merge` to merge both, or `tazpod pull --force` to take the remote's vault and keep this one as vault.tar.aes.bak-N.",
  };
}

function keepsChanging(url: string): Failure {
  const reason = "the object kept changing while pushing";
  return { kind: "remote-unavailable", url, reason, hint: "Try again." };
}

function incompleteObject(found: RemoteObject, written: RemoteObject, url: string): Failure {
  const reason = `the remote accepted the vault but has only ${found.bytes} of ${written.bytes} bytes`;
  return { kind: "remote-unavailable", url, reason, hint: "Push again with --force." };
}
