/** The texts of a template. Its places, `{{ NAME | default:x | secret }}`, become the fields of the form that makes a stack of it. */
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import type { Input, Reply } from "../../api/operations.ts";
import { useMay } from "../../api/use-self.ts";
import { Button, LinkButton } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { NameField } from "../../components/name-field.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { ComposeEditors } from "../stacks/compose-editors.tsx";
import styles from "./template.module.css";

type Template = Reply<"GET /api/v1/templates">[number];
export type Draft = Input<"POST /api/v1/templates">["body"];

export const freshDraft: Draft = {
  ...{ slug: "", name: "", description: "" },
  compose: `services:
  web:
    image: "{{ IMAGE | default:nginx:alpine }}"
    ports:
      - "{{ PORT | default:8080 }}:80"
    restart: unless-stopped
`,
};

interface TemplateEditorProps {
  /** None: a new one. */
  readonly template?: Template;
  /** What the editors begin with. */
  readonly draft: Draft;
  changed?(): void;
}

export function TemplateEditor({ template, draft: first, changed }: TemplateEditorProps) {
  const [draft, setDraft] = useState(first);
  const [busy, run] = useAction();
  const [, navigate] = useLocation();
  const mayWrite = useMay("stacks.adopt");
  const isFixed = !mayWrite || template?.builtin === true;
  const set = (change: Partial<Draft>): void => setDraft({ ...draft, ...change });

  const save = (): void =>
    run(`Could not write ${draft.name || "the template"}`, async () => {
      if (isFixed) return;
      if (template) await call("PUT /api/v1/templates/{id}", { path: { id: template.id }, body: draft });
      else await call("POST /api/v1/templates", { body: draft });
      tell(`The template ${draft.name} is ${template ? "changed" : "there"}`);
      if (template) changed?.();
      else navigate("/stack-templates");
    });

  return (
    <Page
      title={template?.name ?? "New template"}
      badge={template?.builtin && <Status tone="calm">built in</Status>}
      subtitle={isFixed ? "It stays as it is; a copy can be changed." : "A Compose file with places to fill"}
      actions={
        <>
          {mayWrite && template && (
            <LinkButton href={`/stack-templates/new?from=${template.id}`}>Make a copy</LinkButton>
          )}
          {!isFixed && (
            <Button kind="primary" busy={busy} disabled={draft.name === "" || draft.slug === ""} onClick={save}>
              {template ? "Save" : "Make it"}
            </Button>
          )}
        </>
      }
    >
      {!isFixed && (
        <Panel>
          <div className={styles.form}>
            <NameField value={draft.name} onChange={(name) => set({ name })} />
            <Field
              label="Short name"
              hint="Small letters, digits and hyphens; no other template has it."
              required
              isMono
              autoComplete="off"
              value={draft.slug}
              onChange={(event) => set({ slug: event.target.value })}
            />
            <Field
              label="What it is"
              autoComplete="off"
              value={draft.description}
              onChange={(event) => set({ description: event.target.value })}
            />
          </div>
        </Panel>
      )}
      {template && template.parameters.length > 0 && <Places parameters={template.parameters} />}
      <ComposeEditors
        compose={draft.compose}
        env={draft.env ?? ""}
        isReadOnly={isFixed}
        onCompose={(compose) => set({ compose })}
        onEnv={(env) => set({ env })}
        onSubmit={save}
      />
    </Page>
  );
}

/** What making a stack asks for, as it was saved last. */
function Places({ parameters }: Pick<Template, "parameters">) {
  return (
    <Panel title="What it asks for">
      <dl className={styles.places}>
        {parameters.map(({ name, description, type, default: usual, secret, required, enum: values }) => (
          <div key={name}>
            <dt>
              <code>{name}</code>
            </dt>
            <dd>
              {[
                description,
                values ? `one of ${values.join(", ")}` : type,
                secret && "secret, made up where nothing is given",
                required && "needed",
                usual !== undefined && usual !== "" && `else ${usual}`,
              ]
                .filter(Boolean)
                .join("; ") || "any text"}
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
