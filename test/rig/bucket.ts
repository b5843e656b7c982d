import { randomBytes } from "node:crypto";
import type { RemoteSettings } from "../../lib/remote/remote-types.js";
import { s3Server } from "../runner/services.js";

/** Puts the keys of the tests' S3 server in the environment of this process. */
export function useTestKeys(): void {
  process.env["AWS_ACCESS_KEY_ID"] = s3Server.key;
  process.env["AWS_SECRET_ACCESS_KEY"] = s3Server.secret;
}

/** A new empty bucket, and the settings of a remote in it. */
export async function newBucket({ versioned = false } = {}): Promise<RemoteSettings & { bucket: string }> {
  useTestKeys();
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  const { S3Client, CreateBucketCommand, PutBucketVersioningCommand } = await import("@aws-sdk/client-s3");
  delete process.env["AWS_PROFILE"];
  const client = new S3Client({ region: "eu-central-1", endpoint: s3Server.endpoint, forcePathStyle: true });
  const bucket = `tazpod-${randomBytes(6).toString("hex")}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  if (versioned) {
    const VersioningConfiguration = { Status: "Enabled" } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  }
  client.destroy();
  return { ...testRemote(bucket), bucket };
}

/** The settings of a remote on the tests' S3 server: with a single writer where the server has no conditions. */
export function testRemote(bucket: string, key = "tazpod/vault/vault.tar.aes"): RemoteSettings {
  const { endpoint, honoursConditions } = s3Server;
  const settings = { url: `s3://${bucket}/${key}`, region: "eu-central-1", endpoint };
  return honoursConditions ? settings : { ...settings, singleWriter: true };
}

/** The contract's own bucket, with no vault in it. */
export async function contractBucket(): Promise<void> {
  useTestKeys();
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  const { S3Client, CreateBucketCommand, DeleteObjectCommand } = await import("@aws-sdk/client-s3");
  const client = new S3Client({ region: "eu-central-1", endpoint: s3Server.endpoint, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: "tazlab-storage" }));
  await client.send(new DeleteObjectCommand({ Bucket: "tazlab-storage", Key: "tazpod/vault/vault.tar.aes" }));
  client.destroy();
}

/** Every key in a bucket, sorted. */
export async function keysIn(bucket: string): Promise<readonly string[]> {
  const { S3Client, ListObjectsV2Command } = await import("@aws-sdk/client-s3");
  const client = new S3Client({ region: "eu-central-1", endpoint: s3Server.endpoint, forcePathStyle: true });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  client.destroy();
  return Contents.map(({ Key = "" }) => Key).toSorted();
}

/** The keys of unfinished multipart uploads. */
export async function unfinishedIn(bucket: string): Promise<readonly string[]> {
  const { S3Client, ListMultipartUploadsCommand } = await import("@aws-sdk/client-s3");
  const client = new S3Client({ region: "eu-central-1", endpoint: s3Server.endpoint, forcePathStyle: true });
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  client.destroy();
  return Uploads.map(({ Key = "" }) => Key);
}

/** Writes an object with this metadata, without tazpod. */
export async function putObject(url: string, Body: Buffer, Metadata: Record<string, string>): Promise<void> {
  const { S3Client, PutObjectCommand } = await import("@aws-sdk/client-s3");
  const client = new S3Client({ region: "eu-central-1", endpoint: s3Server.endpoint, forcePathStyle: true });
  const { hostname: Bucket, pathname } = new URL(url);
  await client.send(new PutObjectCommand({ Bucket, Key: pathname.slice(1), Body, Metadata }));
  client.destroy();
}
