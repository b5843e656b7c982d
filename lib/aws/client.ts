import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { readText } from "../host/files.js";
import type { ClientConfig, RequestLimits, S3Settings } from "./client-config.js";
import { amazonEndpoint, type Connection, connectionTo } from "./connection.js";
import { withoutSdkWarning, silentLogger } from "./sdk-output.js";
import type * as Sdk from "./s3-sdk.js";
import { rejectPages } from "./not-s3.js";
import { LargeReadAgent } from "./large-read-agent.js";
import { loginProvider } from "./sso/provider.js";

/** The loaded SDK and a client. */
export interface LoadedClient {
  readonly sdk: typeof Sdk;
  readonly client: S3Client;
}

/**
 * Loads the SDK and creates the client, with the credentials of the settings' login unless there are keys. Takes about
 * 0.1 s, so callers wait until they need S3.
 */
export async function loadClient(
  config: ClientConfig,
  limits: RequestLimits,
  settings: S3Settings,
): Promise<LoadedClient> {
  const sdk = await import("./s3-sdk.js");
  await disableMetadataService(process.env);
  const connection = await connectionTo(config.endpoint ?? amazonEndpoint(config.region), process.env);
  const client = withoutSdkWarning(() => makeClient(sdk, config, limits, connection));
  if (config.credentials !== undefined) return { sdk, client };
  const credentials = await loginProvider(settings, process.env, () => client.config.credentials());
  if (credentials === undefined) return { sdk, client };
  return {
    sdk,
    client: withoutSdkWarning(() => makeClient(sdk, { ...config, credentials }, limits, connection)),
  };
}

function makeClient(
  sdk: typeof Sdk,
  config: Omit<ClientConfig, "credentials"> & Pick<S3ClientConfig, "credentials">,
  limits: RequestLimits,
  connection: Connection,
): S3Client {
  // passed on to the readers of the AWS files, which a login may change during a run
  const fresh = { ignoreCache: true };
  const client = new sdk.S3Client({
    ...config,
    ...fresh,
    requestHandler: {
      connectionTimeout: limits.connect,
      socketTimeout: limits.stall,
      httpAgent: new LargeReadAgent({ keepAlive: true, maxSockets: 50 }),
      ...connection,
    },
    logger: silentLogger,
  });
  rejectPages(client);
  return client;
}

/**
 * Last, the SDK asks the metadata service of an EC2 machine, whose address exists nowhere else: a second or two of
 * waiting before "no credentials". So this disables it unless the firmware identifies EC2 or the user has set
 * AWS_EC2_METADATA_DISABLED=false.
 */
async function disableMetadataService(env: NodeJS.ProcessEnv): Promise<void> {
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
