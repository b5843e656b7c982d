import type { S3Settings } from "../aws/settings.js";
import type { Failure } from "../failure.js";
import type { Verdict } from "../verdict.js";
import type { Result } from "../result.js";

/** Where the sealed vault is kept, as the config says. What is of S3 has no effect on other remotes. */
export interface RemoteSettings extends S3Settings {
  /** s3://bucket/key, file:///folder/vault.tar.aes, or none. */
  readonly url: string;
}

/** The sealed vault on a remote. */
export interface RemoteObject {
  /** Changes with the content; compared, never interpreted. */
  readonly etag: string;
  readonly bytes: number;
  readonly modified: Date;
  /** The host that wrote it, and the id of that write, where it was tazpod. */
  readonly host?: string;
  readonly writeId?: string;
}

/** `absent` is only ever what the remote itself said; whatever else went wrong is `unknown`. */
export type Presence =
  | { readonly state: "present"; readonly object: RemoteObject }
  | { readonly state: "absent" }
  | { readonly state: "unknown"; readonly failure: Failure };

/** Bytes so far, and in all. */
export type ByteProgress = (bytes: number, total: number) => void;

export interface DownloadRequest {
  /** Called with each piece in order; a failure stops the download and is its result. */
  readonly write: (piece: Buffer) => Promise<Result<void>>;
  readonly signal?: AbortSignal;
  readonly progress?: ByteProgress;
}

export interface UploadRequest {
  /** The sealed file, absolute. */
  readonly from: string;
  readonly metadata: WriteMetadata;
  readonly signal?: AbortSignal;
  readonly progress?: ByteProgress;
}

/** Kept with the object as tazpod-host and tazpod-write-id. */
export interface WriteMetadata {
  readonly host: string;
  readonly writeId: string;
}

/**
 * One place for one sealed vault. Nothing here retries for ever or hangs: each request ends by itself.
 * Failures: `remote-unavailable` (with a reason in words), `no-credentials`, `remote-absent`, `file`, `interrupted`.
 */
export interface Remote {
  readonly kind: "s3" | "file" | "none";
  /** As in the config; for messages, and to tell remotes apart. */
  readonly url: string;
  /** Whether there are credentials that have not expired. Asks nobody; the remote is not contacted. */
  credentials(signal?: AbortSignal): Promise<Verdict>;
  head(signal?: AbortSignal): Promise<Presence>;
  /** The object is whole when this succeeds: as many bytes as were promised. */
  download(request: DownloadRequest): Promise<Result<RemoteObject>>;
  /** Replaces the object. The old one is there until the new one is whole. */
  upload(request: UploadRequest): Promise<Result<RemoteObject>>;
}
