/** How an S3 server is reached, as the config says. */
export interface S3Settings {
  /** The region requests are signed for. */
  readonly region: string;
  /** The profile of the AWS config, used when there are no keys in the environment. */
  readonly profile?: string;
  /** A server other than Amazon's. AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL do the same. */
  readonly endpoint?: string;
  /** Bucket in the path, not in the host's name. On unless given, where there is an endpoint. */
  readonly pathStyle?: boolean;
  readonly sso?: SsoSettings;
}

/** The login by IAM Identity Center, as the config says. */
export interface SsoSettings {
  /** Undefined when what the AWS profile says of it is to hold. */
  readonly portal?: SsoPortal;
  /** The login is kept where the AWS command line keeps it: on disk, in ~/.aws/sso/cache. */
  readonly sharesAwsCache: boolean;
}

interface SsoPortal {
  readonly startUrl: string;
  /** Of IAM Identity Center, which need not be the bucket's. */
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
  readonly roleName: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Limits of every request, in ms; a request that moves nothing for `stall` ends. */
export interface RequestLimits {
  readonly connect: number;
  readonly stall: number;
}

export const limits = { connect: 5_000, stall: 30_000, credentials: 15_000 } as const;

/** How many times a request is made before its failure counts. */
export const attempts = 3;

interface StaticKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What the S3 client is made with. */
export interface ClientConfig {
  readonly region: string;
  readonly endpoint?: string;
  readonly forcePathStyle: boolean;
  readonly requestChecksumCalculation: "WHEN_REQUIRED" | "WHEN_SUPPORTED";
  readonly responseChecksumValidation: "WHEN_REQUIRED" | "WHEN_SUPPORTED";
  readonly maxAttempts: number;
  readonly profile?: string;
  readonly credentials?: StaticKeys;
}

/**
 * Keys in the environment win over any profile, and then the profile is not passed on: given both, the SDK takes the
 * profile, and says so on the screen. A server that is not Amazon's gets path style and only the checksums it must
 * have, since many know no others.
 */
export function clientConfig(settings: S3Settings, env: Environment): ClientConfig {
  const endpoint = settings.endpoint ?? endpointOf(env);
  const keys = keysOf(env);
  const checksums = endpoint === undefined ? "WHEN_SUPPORTED" : "WHEN_REQUIRED";
  return {
    region: settings.region,
    forcePathStyle: settings.pathStyle ?? endpoint !== undefined,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    maxAttempts: attempts,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(keys === undefined ? profileOf(settings) : { credentials: keys }),
  };
}

/** Whose credentials are used, in words. */
export function identity(settings: S3Settings, env: Environment): string {
  if (keysOf(env) !== undefined) return "the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  return loginName(settings, env);
}

/** Who a login would make one, in words. */
export function loginName({ sso, profile }: Pick<S3Settings, "sso" | "profile">, env: Environment): string {
  if (sso?.portal !== undefined) return `role ${sso.portal.roleName} of account ${sso.portal.accountId}`;
  return `profile ${profile ?? env["AWS_PROFILE"] ?? "default"}`;
}

function endpointOf(env: Environment): string | undefined {
  if (env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] === "true") return undefined;
  return env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"] || undefined;
}

/** Where the project has a login of its own, the profile is not for credentials. */
function profileOf({ profile, sso }: S3Settings): { profile?: string } {
  return profile === undefined || sso?.portal !== undefined ? {} : { profile };
}

function keysOf(env: Environment): StaticKeys | undefined {
  const accessKeyId = env["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"];
  if (!accessKeyId || !secretAccessKey) return undefined;
  const sessionToken = env["AWS_SESSION_TOKEN"];
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/** The bucket of a project whose config names no remote. */
export const defaultBucket = "tazlab-storage";
