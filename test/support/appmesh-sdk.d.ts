/** The published JavaScript SDK of App Mesh has no types of its own: here is what the tests use of it. */
declare module "appmesh" {
  export class AppMeshError extends Error {
    readonly statusCode: number | null;
    readonly responseData: unknown;
  }
  export interface AppRun {
    readonly appName: string;
    readonly procUid: string;
    /** @returns the exit code, or null if it was not learnt in time */
    wait(outputHandler?: ((output: string) => void) | null, timeoutSeconds?: number): Promise<number | null>;
  }
  export interface AppOutput {
    readonly statusCode: number;
    readonly output: string;
    readonly outPosition: number | null;
    readonly exitCode: number | null;
  }
  type Application = Readonly<Record<string, unknown>>;
  export class AppMeshClient {
    constructor(baseUrl: string, sslConfig?: { ca?: string | Buffer; rejectUnauthorized?: boolean });
    forwardingHost: string | null;
    login(
      username: string,
      password: string,
      totpCode?: string | null,
      expire?: string | number,
      audience?: string,
    ): Promise<void>;
    authenticate(
      token: string,
      permission?: string | null,
      audience?: string,
      updateSession?: boolean,
    ): Promise<{ success: boolean; responseText: string }>;
    set_token(token: string): void;
    logout(): Promise<void>;
    renew_token(expire?: string | number): Promise<void>;
    get_totp_secret(): Promise<string>;
    enable_totp(code: string): Promise<void>;
    validate_totp(username: string, challenge: string, code: string, expire?: string | number): Promise<void>;
    disable_totp(user?: string): Promise<boolean>;
    list_apps(): Promise<Application[]>;
    get_app(name: string): Promise<Application>;
    check_app_health(name: string): Promise<boolean>;
    add_app(name: string, app: Application): Promise<Application>;
    delete_app(name: string): Promise<boolean>;
    enable_app(name: string): Promise<boolean>;
    disable_app(name: string): Promise<boolean>;
    get_app_output(
      name: string,
      position?: number,
      index?: number,
      maxSize?: number,
      processUuid?: string,
      timeout?: number | string,
    ): Promise<AppOutput>;
    run_app_sync(
      app: Application,
      outputHandler?: ((output: unknown) => void) | null,
      timeout?: string | number,
      lifecycle?: string | number,
    ): Promise<number | null>;
    run_app_async(app: Application, timeout?: string | number, lifecycle?: string | number): Promise<AppRun>;
    run_task(name: string, data: string, timeoutSeconds?: number): Promise<unknown>;
    cancel_task(name: string): Promise<boolean>;
    download_file(remote: string, local: string, applyAttributes?: boolean): Promise<void>;
    upload_file(local: string, remote: string, applyAttributes?: boolean): Promise<void>;
    get_host_resources(): Promise<Application>;
    get_config(): Promise<{ BaseConfig: { LogLevel: string }; REST: { SSL: { VerifyServer: boolean } } }>;
    set_config(config: Application): Promise<Application>;
    set_log_level(level: string): Promise<string>;
    add_label(name: string, value: string): Promise<boolean>;
    delete_label(name: string): Promise<boolean>;
    list_labels(): Promise<Record<string, string>>;
    update_password(oldPassword: string, newPassword: string, username?: string): Promise<boolean>;
    add_user(name: string, user: Application): Promise<boolean>;
    delete_user(name: string): Promise<boolean>;
    lock_user(name: string): Promise<boolean>;
    unlock_user(name: string): Promise<boolean>;
    list_users(): Promise<Record<string, Application>>;
    get_current_user(): Promise<Application>;
    list_groups(): Promise<string[]>;
    list_permissions(): Promise<string[]>;
    get_user_permissions(): Promise<string[]>;
    list_roles(): Promise<Record<string, string[]>>;
    update_role(name: string, permissions: readonly string[]): Promise<boolean>;
    delete_role(name: string): Promise<boolean>;
    metrics(): Promise<string>;
  }
}
