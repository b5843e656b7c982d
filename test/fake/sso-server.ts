import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** Lifetimes that the server grants, in seconds. */
export interface Terms {
  interval: number;
  codeSeconds: number;
  tokenSeconds: number;
  clientSeconds: number;
  keySeconds: number;
  /** Without them, a login ends with its token. */
  givesRefreshTokens: boolean;
}

interface Device {
  readonly clientId: string;
  readonly ends: number;
  state: "pending" | "approved" | "denied" | "used";
  interval: number;
  polled: number;
}

interface Spoiled {
  readonly path: string;
  readonly how: "500" | "stall" | "slow_down" | "page";
  times: number;
}

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
const startUrl = "https://lab.awsapps.com/start";
export const scope = "sso:account:access";

type Fields = Readonly<Record<string, unknown>>;

/** An error answer; `error` is the OAuth error code. */
class Refused extends Error {
  readonly status: number;
  readonly type: string;
  readonly error: string | undefined;
  constructor(status: number, type: string, message: string, error?: string) {
    super(message);
    Object.assign(this, { status, type, error });
    this.status = status;
    this.type = type;
    this.error = error;
  }
}

/**
 * Simulates the two services of IAM Identity Center, OIDC and the access portal, for one start URL and one role. It
 * rejects whatever the real ones would: missing or unknown fields, unknown clients and codes, wrong grants and scopes,
 * early polls. Opening the address of a code approves it.
 */
export class SsoServer {
  readonly terms: Terms = {
    interval: 1,
    codeSeconds: 600,
    tokenSeconds: 8 * 3600,
    clientSeconds: 90 * 86_400,
    keySeconds: 3600,
    givesRefreshTokens: true,
  };
  readonly startUrl = startUrl;
  readonly accountId = "012345678901";
  readonly roleName = "vault";
  /** The requests, in order: "register", "device", "poll", "refresh", "credentials", "logout". */
  readonly asked: string[] = [];
  /** Requests that were early or invalid. */
  readonly complaints: string[] = [];
  /** Every secret that was issued. */
  readonly secrets: string[] = [];
  refusesRefresh = false;
  readonly #clients = new Map<string, { secret: string; scopes: readonly string[]; ends: number }>();
  readonly #devices = new Map<string, Device>();
  readonly #codes = new Map<string, Device>();
  readonly #access = new Map<string, number>();
  readonly #refresh = new Map<string, string>();
  readonly #spoiled: Spoiled[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((incoming, outgoing) => void this.#serve(incoming, outgoing));
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<SsoServer> {
    const server = new SsoServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The environment that leads the SDK, and other AWS programs, to this server. */
  get env(): Record<string, string> {
    return { AWS_ENDPOINT_URL_SSO_OIDC: this.url, AWS_ENDPOINT_URL_SSO: this.url };
  }

  /** The config's `sso` for the server's role. */
  config(more = ""): string {
    return `sso:\n  start_url: ${startUrl}\n  region: eu-west-1\n  account_id: ${this.accountId}\n  role_name: ${this.roleName}\n${more}`;
  }

  count(what: string): number {
    return this.asked.filter((asked) => asked === what).length;
  }

  /** Decides as the person in the browser; for the newest code by default. */
  decide(state: "approved" | "denied", code = [...this.#codes.keys()].at(-1) ?? ""): void {
    const device = this.#codes.get(code);
    if (device?.state !== "pending") throw new Error(`there is no code ${code} to decide about`);
    device.state = state;
  }

  spoil(path: string, how: Spoiled["how"], times = 1): void {
    this.#spoiled.push({ path, how, times });
  }

  heal(): void {
    this.#spoiled.length = 0;
  }

  /** Ends every token early, as signing out in the portal does. */
  revoke(): void {
    this.#access.clear();
  }

  forgetClients(): void {
    this.#clients.clear();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "", this.url);
    const text = await read(incoming);
    try {
      const rule = this.#spoiled.find(({ path, times }) => times > 0 && path === url.pathname);
      if (rule !== undefined) rule.times--;
      if (rule?.how === "stall") return;
      if (rule?.how === "page") {
        outgoing.writeHead(200, { "content-type": "text/html" });
        outgoing.end("<html>Welcome to the hotel</html>");
        return;
      }
      if (rule?.how === "500") throw new Refused(500, "InternalServerException", "as told", "server_error");
      const answer = this.#answer(incoming, url, text, rule?.how === "slow_down");
      outgoing.writeHead(200, { "content-type": "application/json" });
      outgoing.end(JSON.stringify(answer));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { status, type, error: word, message } = error;
      outgoing.writeHead(status, { "content-type": "application/json", "x-amzn-ErrorType": type });
      outgoing.end(
        JSON.stringify(word === undefined ? { message } : { error: word, error_description: message }),
      );
    }
  }

  #answer(incoming: IncomingMessage, url: URL, text: string, slow: boolean): unknown {
    switch (`${incoming.method} ${url.pathname}`) {
      case "GET /":
        this.decide("approved", url.searchParams.get("user_code") ?? "");
        return {};
      case "POST /client/register":
        return this.#register(this.#fields(text, ["clientName", "clientType"], ["scopes"]));
      case "POST /device_authorization":
        return this.#authorize(this.#fields(text, ["clientId", "clientSecret", "startUrl"]));
      case "POST /token":
        return this.#token(
          this.#fields(text, ["clientId", "clientSecret", "grantType"], ["deviceCode", "refreshToken"]),
          slow,
        );
      case "GET /federation/credentials":
        return this.#credentials(incoming, url);
      case "POST /logout":
        this.asked.push("logout");
        this.#access.delete(this.#bearer(incoming));
        return {};
      default:
        throw this.#wrong(`${incoming.method} ${url.pathname}`);
    }
  }

  #register({ clientType, scopes = [] }: Fields): Fields {
    this.asked.push("register");
    if (clientType !== "public") throw this.#wrong(`client type ${String(clientType)}`);
    if (!Array.isArray(scopes) || scopes.some((one) => one !== scope))
      throw new Refused(400, "InvalidScopeException", "no such scope", "invalid_scope");
    const clientId = `client-${random()}`;
    const clientSecret = this.#secret("client-secret");
    const ends = seconds() + this.terms.clientSeconds;
    this.#clients.set(clientId, { secret: clientSecret, scopes: scopes as string[], ends });
    const whole = { clientIdIssuedAt: Math.floor(seconds()), clientSecretExpiresAt: Math.floor(ends) };
    return { clientId, clientSecret, ...whole };
  }

  #authorize(fields: Fields): Fields {
    this.asked.push("device");
    const clientId = this.#known(fields);
    if (fields["startUrl"] !== startUrl) throw this.#wrong("no such start URL");
    const deviceCode = this.#secret("device");
    const userCode = `${random(2)}-${random(2)}`.toUpperCase();
    const { interval, codeSeconds } = this.terms;
    const device: Device = {
      clientId,
      ends: seconds() + codeSeconds,
      state: "pending",
      interval,
      polled: seconds(),
    };
    this.#devices.set(deviceCode, device);
    this.#codes.set(userCode, device);
    const address = {
      verificationUri: `${this.url}/`,
      verificationUriComplete: `${this.url}/?user_code=${userCode}`,
    };
    return { deviceCode, userCode, ...address, expiresIn: codeSeconds, interval };
  }

  #token(fields: Fields, slow: boolean): Fields {
    const { grantType, deviceCode, refreshToken } = fields;
    if (grantType === deviceGrant) {
      this.asked.push("poll");
      const clientId = this.#known(fields);
      if (refreshToken !== undefined) throw this.#wrong("a refresh token with a device code");
      return this.#poll(clientId, this.#devices.get(String(deviceCode)), slow);
    }
    if (grantType !== "refresh_token")
      throw new Refused(400, "UnsupportedGrantTypeException", String(grantType), "unsupported_grant_type");
    this.asked.push("refresh");
    const clientId = this.#known(fields);
    const known = this.#refresh.get(String(refreshToken));
    if (known !== clientId || this.refusesRefresh)
      throw new Refused(400, "InvalidGrantException", "the refresh token is not good", "invalid_grant");
    this.#refresh.delete(String(refreshToken));
    return this.#give(clientId);
  }

  #poll(clientId: string, device: Device | undefined, slow: boolean): Fields {
    if (device === undefined || device.clientId !== clientId || device.state === "used")
      throw new Refused(400, "InvalidGrantException", "no such device code", "invalid_grant");
    const since = seconds() - device.polled;
    device.polled = seconds();
    const early = since < device.interval - 0.01;
    if (early) this.complaints.push(`polled after ${since} s, with an interval of ${device.interval} s`);
    if (early || slow) {
      device.interval += 5;
      throw new Refused(400, "SlowDownException", "too fast", "slow_down");
    }
    if (seconds() > device.ends)
      throw new Refused(400, "ExpiredTokenException", "the code has ended", "expired_token");
    if (device.state === "denied") throw new Refused(400, "AccessDeniedException", "denied", "access_denied");
    if (device.state === "pending")
      throw new Refused(400, "AuthorizationPendingException", "not yet", "authorization_pending");
    device.state = "used";
    return this.#give(clientId);
  }

  #give(clientId: string): Fields {
    const { tokenSeconds, givesRefreshTokens } = this.terms;
    const accessToken = this.#secret("access");
    this.#access.set(accessToken, seconds() + tokenSeconds);
    const answer = { accessToken, tokenType: "Bearer", expiresIn: tokenSeconds };
    // the real server issues none to a client without the scope
    if (!givesRefreshTokens || !this.#clients.get(clientId)?.scopes.includes(scope)) return answer;
    const refreshToken = this.#secret("refresh");
    this.#refresh.set(refreshToken, clientId);
    return { ...answer, refreshToken };
  }

  #credentials(incoming: IncomingMessage, url: URL): Fields {
    this.asked.push("credentials");
    const ends = this.#access.get(this.#bearer(incoming));
    if (ends === undefined || ends < seconds())
      throw new Refused(401, "UnauthorizedException", "Session token not found or invalid");
    const { accountId, roleName } = this;
    const [account, role] = [url.searchParams.get("account_id"), url.searchParams.get("role_name")];
    if (account !== accountId || role !== roleName) throw new Refused(403, "ForbiddenException", "No access");
    const expiration = Date.now() + this.terms.keySeconds * 1000;
    const keys = { accessKeyId: "RGWTESTKEY", secretAccessKey: "RGWTESTSECRET" };
    return { roleCredentials: { ...keys, sessionToken: this.#secret("session"), expiration } };
  }

  #bearer(incoming: IncomingMessage): string {
    const token = incoming.headers["x-amz-sso_bearer_token"];
    if (typeof token !== "string" || token === "") throw this.#wrong("no bearer token");
    return token;
  }

  #known({ clientId, clientSecret }: Fields): string {
    const client = this.#clients.get(String(clientId));
    if (client === undefined || client.secret !== clientSecret || client.ends < seconds())
      throw new Refused(401, "InvalidClientException", "no such client", "invalid_client");
    return String(clientId);
  }

  #fields(text: string, needed: readonly string[], also: readonly string[] = []): Fields {
    const fields = JSON.parse(text) as Fields;
    for (const name of needed) if (fields[name] === undefined) throw this.#wrong(`${name} is missing`);
    for (const name of Object.keys(fields))
      if (![...needed, ...also].includes(name)) throw this.#wrong(`${name} is not known`);
    return fields;
  }

  #wrong(what: string): Refused {
    this.complaints.push(what);
    return new Refused(400, "InvalidRequestException", what, "invalid_request");
  }

  #secret(what: string): string {
    const secret = `${what}-${random(16)}`;
    this.secrets.push(secret);
    return secret;
  }
}

const random = (bytes = 8): string => randomBytes(bytes).toString("hex");
const seconds = (): number => Date.now() / 1000;

async function read(incoming: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
