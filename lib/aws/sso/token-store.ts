import { createHash } from "node:crypto";
import { join } from "node:path";
import { homeFolder } from "../../host/paths.js";
import { makeFolder, readText, removeFile, writeAtomic } from "../../host/files.js";
import { type Lock, type LockHolder, takeLock } from "../../host/lock-file.js";
import { runtimeFolder } from "../../host/runtime-folder.js";
import { removeLeftovers } from "../../host/temp-file.js";
import { ok, type Result } from "../../failure/result.js";
import type { SsoLogin } from "./find-login.js";
import { type Client, clientText, parseClient, parseToken, type Token, tokenText } from "./token.js";

/** Used when there is no private RAM folder; lasts as long as this process. */
const inMemory = new Map<string, string>();

/**
 * Stores a login's token and its client, in files of mode 0600 in RAM that end with the session on the host. A shared
 * login's token is where the AWS CLI stores it.
 */
export class TokenStore {
  readonly #login: SsoLogin;
  /** Undefined to use this process's memory. */
  readonly #folder: string | undefined;
  readonly #name: string;

  private constructor(login: SsoLogin, folder: string | undefined) {
    this.#login = login;
    this.#folder = folder;
    this.#name = sha1(JSON.stringify([login.startUrl, login.region, login.scopes]));
  }

  static async open(login: SsoLogin): Promise<TokenStore> {
    const folder = await runtimeFolder("sso");
    if (folder.ok) await removeLeftovers(folder.value);
    return new TokenStore(login, folder.ok ? folder.value : undefined);
  }

  /** Whether other and later processes can read the token. */
  get isStored(): boolean {
    return this.#folder !== undefined || this.#login.sharesAwsCache;
  }

  /** Returns the token; an invalid one counts as none. Failure: `file`. */
  async token(): Promise<Result<Token | undefined>> {
    const text = await this.#read(this.#tokenFile);
    if (!text.ok) return text;
    return ok(text.value === undefined ? undefined : parseToken(text.value, this.#login));
  }

  async keepToken(token: Token): Promise<Result<void>> {
    const { sharesAwsCache } = this.#login;
    const made = sharesAwsCache ? await makeFolder(awsCache()) : ok(undefined);
    return made.ok ? this.#write(this.#tokenFile, tokenText(token, this.#login)) : made;
  }

  async client(): Promise<Result<Client | undefined>> {
    const text = await this.#read(this.#clientFile);
    if (!text.ok) return text;
    return ok(text.value === undefined ? undefined : parseClient(text.value));
  }

  keepClient(client: Client): Promise<Result<void>> {
    return this.#write(this.#clientFile, clientText(client));
  }

  removeToken(): Promise<Result<void>> {
    return this.#remove(this.#tokenFile);
  }

  removeClient(): Promise<Result<void>> {
    return this.#remove(this.#clientFile);
  }

  /**
   * Takes a lock between processes. Undefined without a shared folder; the holder when the lock is not free within
   * `wait` ms.
   */
  async lock(
    what: "login" | "renewal",
    wait: number,
    signal?: AbortSignal,
  ): Promise<Result<Lock | LockHolder | undefined>> {
    if (this.#folder === undefined) return ok(undefined);
    return takeLock(join(this.#folder, `${this.#name}.${what}.lock`), wait, signal);
  }

  get #tokenFile(): string {
    const { sharesAwsCache, session, startUrl } = this.#login;
    if (sharesAwsCache) return join(awsCache(), `${sha1(session ?? startUrl)}.json`);
    return join(this.#folder ?? "", `${this.#name}.json`);
  }

  get #clientFile(): string {
    return join(this.#folder ?? "", `${this.#name}.client.json`);
  }

  async #read(path: string): Promise<Result<string | undefined>> {
    return this.#isFile(path) ? readText(path) : ok(inMemory.get(path));
  }

  async #write(path: string, text: string): Promise<Result<void>> {
    if (this.#isFile(path)) return writeAtomic(path, text);
    inMemory.set(path, text);
    return ok(undefined);
  }

  async #remove(path: string): Promise<Result<void>> {
    inMemory.delete(path);
    return this.#isFile(path) ? removeFile(path) : ok(undefined);
  }

  #isFile(path: string): boolean {
    return this.#folder !== undefined || (this.#login.sharesAwsCache && path === this.#tokenFile);
  }
}

function awsCache(): string {
  return join(homeFolder(), ".aws", "sso", "cache");
}

/** The AWS CLI's file names; what is hashed is not secret. */
function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
