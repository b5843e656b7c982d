import type { RequestLimits, S3Settings } from "../aws/client-config.js";
import type { Failure } from "../failure/failure.js";
import type { CheckResult } from "../failure/check-result.js";
import type { Result } from "../failure/result.js";
import type { ConditionSupport } from "./s3/endpoint-cache.js";

/** Where the sealed vault is kept, as the config says. What is of S3 has no effect on other remotes. */
export interface RemoteSettings extends S3Settings {
  /** s3://bucket/key, file:///folder/vault.tar.aes, or none. */
  readonly url: string;
  /** Only one host ever writes: then a server without conditional writes will do. */
  readonly singleWriter?: boolean;
}

/** What may be fetched: a remote that is not trusted could send more than this host can hold or work on. */
export interface DownloadLimits {
  /** The most bytes that a vault can have and still be opened. */
  readonly bytes: number;
  /** The most work, as log2 of scrypt's N, that a vault's passphrase may take. */
  readonly workFactor: number;
}

export interface RemoteOptions {
  /** Any size, and 2^20, unless given. */
  readonly downloadLimits?: DownloadLimits;
  /** .tazpod/vault: what is found out of a server is kept there. Found out anew in each run where there is none. */
  readonly folder?: string;
  readonly limits?: RequestLimits;
  /** From which size, in bytes, an upload goes in parts, and how large they are. */
  readonly parts?: { readonly from: number; readonly part: number };
}

/** Kept with the object as tazpod-host, -write-id, -generation and -sha256. Nothing of it is secret. */
export interface WriteMetadata {
  readonly host: string;
  readonly writeId: string;
  /** One more at least than that of the object it replaced. */
  readonly generation: number;
  /** Of the sealed file, hex. */
  readonly sha256: string;
}

/** The sealed vault on a remote. What tazpod did not write has no metadata, or a part of it. */
export interface RemoteObject extends Partial<WriteMetadata> {
  /** Changes with the content; compared, never interpreted. */
  readonly etag: string;
  readonly bytes: number;
  /** By the remote's clock. */
  readonly modified: Date;
}

/** `absent` is only ever what the remote itself said; whatever else went wrong is `unknown`. */
export type Presence =
  | Known
  | {
      readonly state: "unknown";
      readonly failure: Failure;
    };

export type Known =
  | { readonly state: "present"; readonly object: RemoteObject }
  | { readonly state: "absent" };

/** Bytes so far, and in all. */
export type ByteProgress = (bytes: number, total: number) => void;

export interface DownloadRequest {
  /** Called with each piece in order; a failure stops the download and is its result. */
  readonly write: (piece: Buffer) => Promise<Result<void>>;
  /** Called once, before the first piece; a failure stops the download and is its result. */
  readonly inspect?: (object: RemoteObject) => Result<void>;
  readonly signal?: AbortSignal;
  readonly progress?: ByteProgress;
}

/** What the remote must hold for a write to be made: nothing, or exactly what was seen. */
export type WriteCondition = "absent" | { readonly replaces: string };

export interface UploadRequest {
  /** The sealed file, absolute. It does not change meanwhile. */
  readonly from: string;
  readonly metadata: WriteMetadata;
  readonly condition: WriteCondition;
  readonly signal?: AbortSignal;
  readonly progress?: ByteProgress;
}

/** `refused`: the condition does not hold, nothing was written, and this is what is there instead. */
export type Uploaded =
  | { readonly state: "written"; readonly object: RemoteObject }
  | { readonly state: "refused"; readonly found: Known };

/** A copy under history/, as its name tells. */
export interface HistoryCopy {
  /** The last part of its key, such as vault-20260711T090000-000012-0123456789ab.tar.aes. */
  readonly name: string;
  /** When what it is a copy of was written, to the second; by the remote's clock, where it was tazpod. */
  readonly at: Date;
  /** This and the mark are not in the names of the Go tazpod. */
  readonly generation?: number;
  /** Tells writes apart that have the same time and generation. */
  readonly mark?: string;
  readonly bytes: number;
}

export interface KeepRequest {
  /** What the remote holds now, as it was seen. */
  readonly object: RemoteObject;
  /** Its bytes on this host, absolute, where they are: for servers that cannot copy. */
  readonly from?: string;
  /** It may have been kept already: looks first, which takes a request. */
  readonly checkFirst?: boolean;
  readonly signal?: AbortSignal;
}

/** `changed`: the remote holds something else by now, and nothing was kept. */
export type KeepResult = { readonly state: "kept"; readonly name: string } | { readonly state: "changed" };

/** The copies beside the vault, under history/. A copy is never overwritten: each has a name of its own. */
export interface RemoteHistory {
  /** Newest first. What tazpod would not have named so is left out. */
  list(signal?: AbortSignal): Promise<Result<readonly HistoryCopy[]>>;
  head(name: string, signal?: AbortSignal): Promise<Presence>;
  download(name: string, request: DownloadRequest): Promise<Result<RemoteObject>>;
  keep(request: KeepRequest): Promise<Result<KeepResult>>;
  /** Those that are not there are fine; a name that no copy can have is refused. */
  remove(names: readonly string[], signal?: AbortSignal): Promise<Result<void>>;
}

/**
 * One place for one sealed vault. Nothing here retries for ever or hangs: each request ends by itself.
 * Failures: `remote-unavailable` (with a reason in words), `no-credentials`, `remote-absent`, `file`, `interrupted`.
 */
export interface Remote {
  readonly kind: "s3" | "file" | "none";
  /** As in the config; for messages, and to tell remotes apart. */
  readonly url: string;
  readonly downloadLimits: DownloadLimits;
  /** Whether there are credentials that have not expired. Asks nobody; the remote is not contacted. */
  credentials(signal?: AbortSignal): Promise<CheckResult>;
  /** How it holds the condition of an upload, as far as that is known here; the remote is not contacted. */
  conditionSupport(): Promise<ConditionSupport | undefined>;
  head(signal?: AbortSignal): Promise<Presence>;
  /** The object is whole when this succeeds: as many bytes as were promised. */
  download(request: DownloadRequest): Promise<Result<RemoteObject>>;
  /** Replaces the object, if the condition holds. The old one is there until the new one is whole. */
  upload(request: UploadRequest): Promise<Result<Uploaded>>;
  readonly history: RemoteHistory;
}
