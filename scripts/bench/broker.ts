import { Authority } from "../../test/helpers/authority.ts";
import { benchClone } from "./broker-clone.ts";
import { benchInstall } from "./broker-install.ts";
import type { Options, Report } from "./report.ts";
import type { Workplace } from "./workplace.ts";

/** What a broker costs: through it and without, the same server behind TLS is asked for the same. */
export async function benchBroker(place: Workplace, options: Options): Promise<Report> {
  await using authority = await Authority.create();
  const clone = await benchClone(place, authority, options);
  const install = await benchInstall(place, authority, options);
  return {
    rows: [...clone.rows, ...install.rows],
    samples: { ...clone.samples, ...install.samples },
    notes: install.notes ?? [],
  };
}
