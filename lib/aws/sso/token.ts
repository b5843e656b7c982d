import { isRecord, parseJson } from "../../host/json.js";
import { Secret } from "../../host/secret.js";

/** A registered client of the login service. */
export interface Client {
  readonly id: string;
  readonly secret: Secret;
  readonly expires: Date;
}

/** The token of a login. */
export interface Token {
  readonly access: Secret;
  readonly expires: Date;
  /** Renews the token, for the client that requested it. */
  readonly refresh?: Secret;
  readonly client?: Client;
}

/** The service that issued the token; stored with it. */
interface TokenOrigin {
  readonly startUrl: string;
  readonly region: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Formats a token as the AWS CLI does: ~/.aws/sso/cache/*.json, by botocore's SSOTokenFetcher. */
export function tokenText(token: Token, { startUrl, region }: TokenOrigin): string {
  const { access, expires, refresh, client } = token;
  return `${JSON.stringify({
    startUrl,
    region,
    accessToken: reveal(access),
    expiresAt: stamp(expires),
    ...(client === undefined ? {} : clientFields(client)),
    refreshToken: refresh === undefined ? undefined : reveal(refresh),
  })}\n`;
}

/** Parses a token; undefined when it is invalid or for another start URL. */
export function parseToken(text: string, { startUrl }: TokenOrigin): Token | undefined {
  const fields = parse(text);
  const access = textOf(fields["accessToken"]);
  const expires = timeOf(fields["expiresAt"]);
  if (access === undefined || expires === undefined) return undefined;
  if ((fields["startUrl"] ?? startUrl) !== startUrl) return undefined;
  const refresh = textOf(fields["refreshToken"]);
  const client = clientOf(fields);
  return {
    access: Secret.fromText(access),
    expires,
    refresh: refresh === undefined ? undefined : Secret.fromText(refresh),
    client,
  };
}

/** Formats a client for its file. */
export function clientText(client: Client): string {
  return `${JSON.stringify(clientFields(client))}\n`;
}

/** Parses a client; undefined when it is invalid. */
export function parseClient(text: string): Client | undefined {
  return clientOf(parse(text));
}

/** Returns the secret as a string for the SDK; it cannot be wiped, so use it only for a request. */
export function reveal(secret: Secret): string {
  return secret.use((bytes) => bytes.toString("utf8"));
}

function clientFields({ id, secret, expires }: Client): Fields {
  return { clientId: id, clientSecret: reveal(secret), registrationExpiresAt: stamp(expires) };
}

function clientOf(fields: Fields): Client | undefined {
  const id = textOf(fields["clientId"]);
  const secret = textOf(fields["clientSecret"]);
  const expires = timeOf(fields["registrationExpiresAt"]);
  if (id === undefined || secret === undefined || expires === undefined) return undefined;
  return { id, secret: Secret.fromText(secret), expires };
}

function parse(text: string): Fields {
  const value = parseJson(text);
  return isRecord(value) ? value : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Parses ISO 8601; older AWS CLIs end it with "UTC". */
function timeOf(value: unknown): Date | undefined {
  const time = new Date((textOf(value) ?? "").replace(/UTC$/, "Z"));
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** Formats a time as the AWS CLI does, in seconds. */
function stamp(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
