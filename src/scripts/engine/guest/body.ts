/** What `Request` and `Response` have in common: headers, and a body that is read once, as a whole or as a stream. */

/** What a body is made of, before it is read. */
export type BodyContent = Blob | ReadableStream<Uint8Array> | undefined;

export interface GuestBody {
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  readonly bodyUsed: boolean;
  bytes(): Promise<Uint8Array>;
  arrayBuffer(): Promise<ArrayBuffer>;
  blob(): Promise<Blob>;
  text(): Promise<string>;
  json(): Promise<unknown>;
  formData(): Promise<FormData>;
}

export interface BodyClass {
  new (body: unknown, headers: Headers): GuestBody;
  /** What a copy of it is made of. @throws {TypeError} it has been read */
  copyOf(body: GuestBody): BodyContent;
}

/** @param encodeForm a form as it is sent, with its type */
export function createBody(encodeForm: (form: FormData) => Blob): BodyClass {
  const formType = "application/x-www-form-urlencoded";

  function toContent(body: unknown): BodyContent {
    if (body === undefined || body === null) return undefined;
    if (body instanceof ReadableStream || body instanceof Blob) return body;
    if (body instanceof FormData) return encodeForm(body);
    if (body instanceof URLSearchParams) return new Blob([String(body)], { type: `${formType};charset=UTF-8` });
    if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return new Blob([body as Uint8Array<ArrayBuffer>]);
    return new Blob([String(body)], { type: "text/plain;charset=UTF-8" });
  }

  async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of stream) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError("The stream of a body has to give bytes (Uint8Array).");
      chunks.push(chunk as Uint8Array<ArrayBuffer>);
    }
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  }

  function requireUnread({ bodyUsed }: Pick<GuestBody, "bodyUsed">): void {
    if (bodyUsed) throw new TypeError("The body has been read already.");
  }

  return class Body {
    /** Until somebody asks for the stream of it. */
    #content: Blob | undefined;
    #stream: ReadableStream<Uint8Array> | undefined;
    #isRead = false;
    readonly headers: Headers;

    constructor(body: unknown, headers: Headers) {
      this.headers = headers;
      const content = toContent(body);
      if (content instanceof ReadableStream) this.#stream = content;
      else this.#content = content;
      const type = content instanceof Blob ? content.type : "";
      if (type !== "" && !headers.has("content-type")) headers.set("content-type", type);
    }
    get body() {
      if (this.#content !== undefined) this.#stream = this.#content.stream();
      this.#content = undefined;
      return this.#stream ?? null;
    }
    get bodyUsed() {
      return this.#isRead || this.#stream?.locked === true;
    }
    async bytes(): Promise<Uint8Array> {
      requireUnread(this);
      this.#isRead = this.#content !== undefined || this.#stream !== undefined;
      if (this.#stream !== undefined) return await collect(this.#stream);
      return this.#content === undefined ? new Uint8Array() : new Uint8Array(await this.#content.arrayBuffer());
    }
    async arrayBuffer() {
      return (await this.bytes()).buffer as ArrayBuffer;
    }
    async blob() {
      const type = this.headers.get("content-type") ?? "";
      return new Blob([await this.arrayBuffer()], { type });
    }
    async text() {
      return new TextDecoder().decode(await this.bytes());
    }
    async json() {
      return JSON.parse(await this.text());
    }
    async formData() {
      if (!this.headers.get("content-type")?.startsWith(formType))
        throw new TypeError(`Only a body of the type ${formType} can be read as a form.`);
      const form = new FormData();
      for (const [name, value] of new URLSearchParams(await this.text())) form.append(name, value);
      return form;
    }
    static copyOf(from: Body): BodyContent {
      requireUnread(from);
      if (from.#stream === undefined) return from.#content;
      const [own, copy] = from.#stream.tee();
      from.#stream = own;
      return copy;
    }
  };
}
