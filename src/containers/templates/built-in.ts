/** Templates that the yard comes with: none of them needs more of its host than a port and a volume. */
import type { TemplateInput } from "./template.ts";

const ours = { iconUrl: "", env: "", parameters: [], author: "Runyard", version: "1" } as const;

export const builtInTemplates: readonly TemplateInput[] = [
  {
    ...{ ...ours, slug: "postgres", name: "PostgreSQL", description: "A database whose data is on a volume." },
    env: "POSTGRES_PASSWORD={{ PASSWORD | secret }}\n",
    compose: `services:
  db:
    image: postgres:{{ VERSION | default:17-alpine | pattern:[\\w.-]+ }}
    restart: unless-stopped
    environment:
      POSTGRES_USER: {{ USER | default:app | pattern:[a-z_][a-z0-9_]* }}
      POSTGRES_DB: {{ DATABASE | default:app | pattern:[a-z_][a-z0-9_]* }}
      POSTGRES_PASSWORD: \${POSTGRES_PASSWORD}
    ports:
      - "{{ PORT | default:5432 | pattern:\\d+ }}:5432"
    volumes:
      - data:/var/lib/postgresql/data
    healthcheck:
      test: ["CMD-SHELL", "pg_isready --username=$$POSTGRES_USER --dbname=$$POSTGRES_DB"]
      interval: 5s
      retries: 10
volumes:
  data: {}
`,
  },
  {
    ...{
      ...ours,
      slug: "redis",
      name: "Redis",
      description: "A store of keys and values that writes down what it is told.",
    },
    env: "REDIS_PASSWORD={{ PASSWORD | secret }}\n",
    compose: `services:
  redis:
    image: redis:{{ VERSION | default:8-alpine | pattern:[\\w.-]+ }}
    restart: unless-stopped
    command: ["redis-server", "--appendonly", "yes", "--requirepass", "\${REDIS_PASSWORD}"]
    ports:
      - "{{ PORT | default:6379 | pattern:\\d+ }}:6379"
    volumes:
      - data:/data
volumes:
  data: {}
`,
  },
  {
    ...{ ...ours, slug: "static-site", name: "Static site", description: "Nginx, which serves the files of a volume." },
    compose: `services:
  web:
    image: nginx:{{ VERSION | default:stable-alpine | pattern:[\\w.-]+ }}
    restart: unless-stopped
    ports:
      - "{{ PORT | default:8080 | pattern:\\d+ }}:80"
    volumes:
      - site:/usr/share/nginx/html:ro
volumes:
  site: {}
`,
  },
  {
    ...{
      ...ours,
      slug: "worker",
      name: "Worker",
      description: "One container of any image, without a port, started again when it ends.",
    },
    compose: `services:
  worker:
    image: "{{ IMAGE | required | pattern:[\\w./:@-]+ }}"
    restart: {{ RESTART | default:unless-stopped | enum:no,always,on-failure,unless-stopped }}
    mem_limit: {{ MEMORY | default:512m | pattern:\\d+[kmg] }}
`,
  },
];
