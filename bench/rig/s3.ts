import { type Project } from "./project.js";
import { time } from "./measure.js";

/** The variables that all compared programs get: the key of test/services/rgw.sh. */
export function s3Environment(endpoint: string): Readonly<Record<string, string>> {
  return {
    AWS_ACCESS_KEY_ID: "RGWTESTKEY",
    AWS_SECRET_ACCESS_KEY: "RGWTESTSECRET",
    // rclone cannot use one, and nothing here uses TLS
    AWS_CA_BUNDLE: "",
    AWS_REGION: "eu-central-1",
    AWS_DEFAULT_REGION: "eu-central-1",
    RCLONE_CONFIG_BENCH_TYPE: "s3",
    RCLONE_CONFIG_BENCH_PROVIDER: "Ceph",
    RCLONE_CONFIG_BENCH_ENV_AUTH: "true",
    RCLONE_CONFIG_BENCH_ENDPOINT: endpoint,
    RCLONE_CONFIG_BENCH_REGION: "eu-central-1",
  };
}

/** Settings of a remote in a bucket of its own. */
export function s3Settings(endpoint: string, bucket: string): string {
  return `remote:\n  url: s3://${bucket}/tazpod/vault/vault.tar.aes\n  endpoint: ${endpoint}\n`;
}

/** Creates the bucket that a project's settings name. */
export function setUpBucket(project: Project): void {
  time(project.run("setup-storage"));
}

/** Why no S3 server can be used at an address; undefined if one answers. */
export async function noS3(endpoint: string): Promise<string | undefined> {
  const answers = await fetch(endpoint, { signal: AbortSignal.timeout(5000) }).then(
    () => true,
    () => false,
  );
  return answers ? undefined : `no S3 server at ${endpoint}: test/services/rgw.sh up`;
}
