/** The S3 settings of the project's config. */
export interface S3Settings {
  /** The region that requests are signed for. */
  readonly region: string;
  /** The profile of the AWS configuration, used when the environment has no keys. */
  readonly profile?: string;
  /** A server other than Amazon's; AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL do the same. */
  readonly endpoint?: string;
  /** Whether the bucket is in the path instead of the host name; by default with an endpoint. */
  readonly pathStyle?: boolean;
  readonly sso?: SsoSettings;
}

/** The IAM Identity Center login of the project's config. */
export interface SsoSettings {
  /** Undefined to use the AWS profile's. */
  readonly portal?: SsoPortal;
  /** Stores the login where the AWS CLI does: on disk, in ~/.aws/sso/cache. */
  readonly sharesAwsCache: boolean;
}

interface SsoPortal {
  readonly startUrl: string;
  /** The region of IAM Identity Center, which may differ from the bucket's. */
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
  readonly roleName: string;
}

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Time limits of every request in ms; `stall` is the longest time without data. */
export interface RequestLimits {
  readonly connect: number;
  readonly stall: number;
}

/** The default time limits in ms; `credentials` is for loading credentials. */
export const limits = { connect: 5_000, stall: 30_000, credentials: 15_000 } as const;

/** How often a request is attempted before it fails. */
export const attempts = 3;

interface StaticKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The configuration of the S3 client. */
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
 * Returns the configuration of the S3 client. Keys in the environment take precedence, and then no profile is passed
 * on: given both, the SDK uses the profile and prints a warning. Servers other than Amazon's get path style and only
 * the required checksums, since many support no others.
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
    endpoint,
    ...(keys === undefined ? profileOf(settings) : { credentials: keys }),
  };
}

/** Describes whose credentials are used. */
export function identity(settings: S3Settings, env: Environment): string {
  if (keysOf(env) !== undefined) return "the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  return loginName(settings, env);
}

/** Describes the identity that a login would give. */
export function loginName({ sso, profile }: Pick<S3Settings, "sso" | "profile">, env: Environment): string {
  if (sso?.portal !== undefined) return `role ${sso.portal.roleName} of account ${sso.portal.accountId}`;
  return `profile ${profile ?? env["AWS_PROFILE"] ?? "default"}`;
}

function endpointOf(env: Environment): string | undefined {
  if (env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] === "true") return undefined;
  return env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"] || undefined;
}

/** With a login of the project's own, the profile is not used for credentials. */
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
