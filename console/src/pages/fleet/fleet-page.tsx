/** The page of one kind of thing of all hosts: its list, a way to make one more, and clearing away what nobody uses. */
import type { ReactNode } from "react";
import { Button } from "../../components/button.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { AwayHosts } from "./away-hosts.tsx";
import { Prune, type PrunedKind } from "./prune.tsx";
import type { FleetList } from "./use-fleet-list.ts";

interface FleetPageProps<Row> {
  readonly title: string;
  readonly subtitle: ReactNode;
  readonly what: PrunedKind;
  readonly list: FleetList<Row>;
  readonly columns: readonly Column<Row>[];
  readonly rowId: (row: Row) => string;
  readonly textOf: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  /** Making and pruning are offered. */
  readonly mayWrite: boolean;
  /** On the button: "New volume". */
  readonly makeTitle: string;
  readonly makeDialog: ReactNode;
  /** @param make the button, for whoever may */
  empty(make: ReactNode): ReactNode;
  /** Under the list. */
  readonly children?: ReactNode;
}

export function FleetPage<Row>(props: FleetPageProps<Row>) {
  const { title, subtitle, what, list, columns, rowId, textOf, onOpen, mayWrite, makeTitle, children } = props;
  const make = mayWrite && (
    <Button kind="primary" onClick={() => list.show("make")}>
      {makeTitle}
    </Button>
  );
  return (
    <Page
      title={title}
      subtitle={subtitle}
      actions={
        <>
          {mayWrite && <Button onClick={() => list.show("prune")}>Prune…</Button>}
          {make}
        </>
      }
    >
      <Panel isFlush>
        <SearchBox label={`Search ${what}`} value={list.words} onChange={list.search} />
        <AwayHosts what={what} hosts={list.away} />
        <Table
          what={what}
          columns={columns}
          rows={list.rows}
          rowId={rowId}
          onOpen={onOpen}
          search={{ words: list.words, textOf }}
          order={{ column: "name", isDescending: false }}
          error={list.error}
          onRetry={list.reload}
          empty={props.empty(make)}
        />
      </Panel>
      {children}
      {list.open === "make" && props.makeDialog}
      {list.open === "prune" && <Prune kind={what} onClose={list.close} />}
    </Page>
  );
}
