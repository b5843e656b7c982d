import type { RequestLimits, S3Settings } from "../aws/client-config.js";
import type { Failure } from "../failure/failure.js";
import type { CheckResult } from "../failure/check-result.js";
import type { Result } from "../failure/result.js";
import type { ConditionSupport } from "./s3/endpoint-cache.js";

/** Where the config keeps the sealed vault. S3 settings have no effect on other remotes. */
export interface RemoteSettings extends S3Settings {
  /** s3://bucket/key, file:///folder/vault.tar.aes, or none. */
  readonly url: string;
  /** Only one host ever writes, so a server without conditional writes is accepted. */
  readonly singleWriter?: boolean;
}

/** Limits for downloads: an untrusted remote could send more than this host can store or process. */
export interface DownloadLimits {
  /** The maximum size of a sealed vault, in bytes. */
  readonly bytes: number;
  /** The maximum work factor of the passphrase, as log2 of scrypt's N. */
  readonly workFactor: number;
}

/** Options of a remote that are not in the config's remote settings. */
export interface RemoteOptions {
  /** By default any size, and a work factor of 20. */
  readonly downloadLimits?: DownloadLimits;
  /** .tazpod/vault, to cache what is known about the server; without it, each run probes again. */
  readonly folder?: string;
  readonly limits?: RequestLimits;
  /** The size in bytes above which uploads are split, and the size of a part. */
  readonly parts?: { readonly from: number; readonly part: number };
}

/** How many ancestors the metadata names: servers limit its size, OpenStack Swift to 256 characters a value. */
export const maxParents = 20;

/** Stored with the object as tazpod-host, -write-id, -generation, -sha256 and -parents; not secret. */
export interface WriteMetadata {
  readonly host: string;
  readonly writeId: string;
  /** Above the generation of the object it replaced. */
  readonly generation: number;
  /** SHA-256 of the sealed file, hex. */
  readonly sha256: string;
  /** The versions it descends from, newest first: at most `maxParents`, by their short names. */
  readonly parents?: readonly string[];
}

/** The sealed vault on a remote. Objects by other programs have no or incomplete metadata. */
export interface RemoteObject extends Partial<WriteMetadata> {
  /** Changes with the content; compare only. */
  readonly etag: string;
  readonly bytes: number;
  /** Modification time by the remote's clock. */
  readonly modified: Date;
}

/** `absent` only if the remote said so; any other problem is `unknown`. */
export type Presence =
  | Known
  | {
      readonly state: "unknown";
      readonly failure: Failure;
    };

/** A presence that the remote confirmed. */
export type Known =
  | { readonly state: "present"; readonly object: RemoteObject }
  | { readonly state: "absent" };

/** Called with the bytes so far and in total. */
export type ByteProgress = (bytes: number, total: number) => void;

/** Where a download goes. */
export interface DownloadRequest {
  /** Called with each chunk in order; a failure stops the download and is its result. */
  readonly write: (piece: Buffer) => Promise<Result<void>>;
  /** Called once, before the first chunk; a failure stops the download and is its result. */
  readonly inspect?: (object: RemoteObject) => Result<void>;
  readonly signal?: AbortSignal;
  readonly progress?: ByteProgress;
}

/** What the remote must have for a write: nothing, or exactly this ETag. */
export type WriteCondition = "absent" | { readonly replaces: string };

/** What to upload, and under which condition. */
export interface UploadRequest {
  /** The sealed file, absolute; it must not change. */
  readonly from: string;
  readonly metadata: WriteMetadata;
  readonly condition: WriteCondition;
  readonly signal?: AbortSignal;
  readonly progress?: ByteProgress;
}

/** `refused`: the condition does not hold and nothing was written; `found` is the current object. */
export type Uploaded =
  | { readonly state: "written"; readonly object: RemoteObject }
  | { readonly state: "refused"; readonly found: Known };

/** A copy under history/, from its name. */
export interface HistoryCopy {
  /** The last part of its key, such as vault-20260711T090000-000012-0123456789ab.tar.aes. */
  readonly name: string;
  /** When that version was written, to the second; by the remote's clock if tazpod wrote it. */
  readonly at: Date;
  /** Like `mark`, missing in names of the Go tazpod. */
  readonly generation?: number;
  /** Distinguishes writes with the same time and generation. */
  readonly mark?: string;
  readonly bytes: number;
}

/** Which object to copy into the history. */
export interface KeepRequest {
  /** The remote's current object. */
  readonly object: RemoteObject;
  /** The same file on this host, absolute, for servers that cannot copy. */
  readonly from?: string;
  /** Checks for an existing copy first, with one more request. */
  readonly checkFirst?: boolean;
  readonly signal?: AbortSignal;
}

/** `changed`: the remote has another object by now, and nothing was kept. */
export type KeepResult = { readonly state: "kept"; readonly name: string } | { readonly state: "changed" };

/** The copies under history/. Each has its own name and is never overwritten. */
export interface RemoteHistory {
  /** Lists the copies, newest first; ignores other names. */
  list(signal?: AbortSignal): Promise<Result<readonly HistoryCopy[]>>;
  head(name: string, signal?: AbortSignal): Promise<Presence>;
  download(name: string, request: DownloadRequest): Promise<Result<RemoteObject>>;
  keep(request: KeepRequest): Promise<Result<KeepResult>>;
  /** Removes copies; missing ones are fine, other names are refused. */
  remove(names: readonly string[], signal?: AbortSignal): Promise<Result<void>>;
}

/**
 * A place for one sealed vault. Every request ends by itself. Failures: `remote-unavailable` (with a reason),
 * `no-credentials`, `remote-absent`, `file`, `interrupted`.
 */
export interface Remote {
  readonly kind: "s3" | "file" | "none";
  /** The URL of the config, for messages and to tell remotes apart. */
  readonly url: string;
  readonly downloadLimits: DownloadLimits;
  /** Checks for credentials that have not expired, without questions and without contacting the remote. */
  credentials(signal?: AbortSignal): Promise<CheckResult>;
  /** How it handles conditional writes, if known; does not contact the remote. */
  conditionSupport(): Promise<ConditionSupport | undefined>;
  head(signal?: AbortSignal): Promise<Presence>;
  /** Downloads the object; on success it is complete. */
  download(request: DownloadRequest): Promise<Result<RemoteObject>>;
  /** Replaces the object if the condition holds. The old one stays until the new one is complete. */
  upload(request: UploadRequest): Promise<Result<Uploaded>>;
  readonly history: RemoteHistory;
}

/**
 * The local vault compared with the remote's. `newer`: the remote's succeeds the local one; `diverged`: each has what
 * the other lacks. `unpushed` tells whether the local vault has changes that were not pushed.
 */
export type Staleness =
  | { readonly state: "current" }
  | {
      readonly state: "newer" | "diverged";
      readonly object: RemoteObject;
      readonly unpushed: boolean;
    }
  | { readonly state: "unknown"; readonly failure: Failure };
