/** The images of all hosts: what they are, how large, and what can go. */
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useMay } from "../../api/use-self.ts";
import { Empty } from "../../components/empty.tsx";
import { Ago, bytesText } from "../../components/moments.tsx";
import { RemoveButton } from "../../components/remove-button.tsx";
import type { Column } from "../../components/table/columns.ts";
import { tell } from "../../components/toasts.tsx";
import { FleetPage } from "../fleet/fleet-page.tsx";
import { useFleetList } from "../fleet/use-fleet-list.ts";
import { PullImage } from "./pull-image.tsx";

type Image = Extract<Reply<"GET /api/v1/images">, readonly unknown[]>[number];

const tagsOf = ({ RepoTags }: Image) => (RepoTags ?? []).filter((tag) => tag !== "<none>:<none>");
const shortId = ({ Id }: Image) => Id.replace(/^sha256:/, "").slice(0, 12);
const searchText = (image: Image) => [...tagsOf(image), image.Id, image.host_name].join(" ");

const usualColumns: readonly Column<Image>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(9rem, 2.2fr)" },
    cell: (image) => <ImageName image={image} />,
    sortBy: (image) => tagsOf(image)[0],
  },
  { ...{ id: "id", title: "Id", width: "8.5rem", isSecondary: true }, cell: (image) => <code>{shortId(image)}</code> },
  {
    ...{ id: "size", title: "Size", width: "5.5rem", isNumber: true },
    cell: ({ Size }) => bytesText(Size),
    sortBy: ({ Size }) => Size,
  },
  {
    ...{ id: "host", title: "Host", width: "minmax(4rem, 0.7fr)", isSecondary: true },
    cell: ({ host_name: host }) => host,
    sortBy: ({ host_name: host }) => host,
  },
  {
    ...{ id: "made", title: "Made", width: "6rem", isNumber: true, isSecondary: true },
    cell: ({ Created }) => <Ago at={Created * 1_000} />,
    sortBy: ({ Created }) => Created,
  },
];

export default function ImagesPage() {
  const images = useFleetList("images", (signal) => call("GET /api/v1/images", { query: { host: "all" } }, { signal }));
  const mayWrite = useMay("images.write");
  const columns: readonly Column<Image>[] = [
    ...usualColumns,
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem", isNumber: true },
      cell: (image) => mayWrite && <RemoveImage image={image} changed={images.reload} />,
    },
  ];
  return (
    <FleetPage
      title="Images"
      subtitle={images.rows && summaryOf(images.rows)}
      what="images"
      list={images}
      columns={columns}
      rowId={({ Id, host_id: host }) => `${host} ${Id}`}
      textOf={searchText}
      mayWrite={mayWrite}
      makeTitle="Pull image"
      makeDialog={<PullImage onClose={images.close} />}
      empty={(pull) => (
        <Empty title="There are no images yet" actions={pull}>
          Deployments fetch what they need by themselves. One can also be fetched before.
        </Empty>
      )}
    />
  );
}

function summaryOf(images: readonly Image[]): string {
  return `${images.length} in all, ${bytesText(images.reduce((sum, { Size }) => sum + Size, 0))}`;
}

function ImageName({ image }: { image: Image }) {
  const [first, ...others] = tagsOf(image);
  if (first === undefined) return <span>without a name</span>;
  return (
    <strong title={tagsOf(image).join("\n")}>
      {first}
      {others.length > 0 && ` and ${others.length} more`}
    </strong>
  );
}

function RemoveImage({ image, changed }: { image: Image; changed: () => void }) {
  const name = tagsOf(image)[0] ?? shortId(image);
  return (
    <RemoveButton
      name={name}
      question={`Remove ${name} from ${image.host_name ?? "the host"}?`}
      lost="All its names go with it. It can be pulled again as long as its registry has it."
      remove={async () => {
        const query = { host: image.host_id, force: tagsOf(image).length > 1 ? "true" : undefined };
        await call("DELETE /api/v1/images/{id}", { path: { id: image.Id }, query });
        tell(`${name} is removed`);
        changed();
      }}
    />
  );
}
