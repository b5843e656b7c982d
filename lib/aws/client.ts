import type * as S3 from "@aws-sdk/client-s3";
import { readText } from "../host/files.js";
import type { ClientConfig, RequestLimits } from "./client-config.js";

export interface LoadedClient {
  readonly sdk: typeof S3;
  readonly client: S3.S3Client;
}

/** Loads the SDK and makes the client. It takes about 0.3 s, so nothing calls this before it needs S3. */
export async function loadClient(config: ClientConfig, limits: RequestLimits): Promise<LoadedClient> {
  const sdk = await import("@aws-sdk/client-s3");
  await quietMetadataService(process.env);
  return { sdk, client: withoutVersionWarning(() => makeClient(sdk, config, limits)) };
}

function makeClient(sdk: typeof S3, config: ClientConfig, limits: RequestLimits): S3.S3Client {
  // handed on to whatever reads the AWS files: a login in the middle of a run changes them
  const fresh = { ignoreCache: true };
  return new sdk.S3Client({
    ...config,
    ...fresh,
    requestHandler: { connectionTimeout: limits.connect, socketTimeout: limits.stall },
    // The SDK's own notes go nowhere; what matters comes as an error.
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
}

const warningSwitch = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";

/** The SDK warns once a process, when its first client is made, that a later SDK needs a newer Node. Only that is off. */
function withoutVersionWarning<T>(make: () => T): T {
  const before = process.env[warningSwitch];
  process.env[warningSwitch] = "true";
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env[warningSwitch];
    else process.env[warningSwitch] = before;
  }
}

/**
 * Last of all the SDK asks the metadata service of an EC2 machine, at an address that exists nowhere else: a second
 * or two of waiting before "no credentials". So it is only asked where the firmware says that this is EC2, or where
 * the user has set AWS_EC2_METADATA_DISABLED=false.
 */
async function quietMetadataService(env: NodeJS.ProcessEnv): Promise<void> {
  if (env["AWS_EC2_METADATA_DISABLED"] !== undefined) return;
  if (!(await isEc2())) env["AWS_EC2_METADATA_DISABLED"] = "true";
}

async function isEc2(): Promise<boolean> {
  for (const file of ["/sys/class/dmi/id/sys_vendor", "/sys/hypervisor/uuid"]) {
    const text = await readText(file);
    if (text.ok && /^(amazon|ec2)/i.test(text.value ?? "")) return true;
  }
  return false;
}
