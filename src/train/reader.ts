/** The data of one trainer, from what was given to rows that its program takes. */
import { ShapeError } from "../errors.ts";
import type { TrainPlan } from "../plan/planned.ts";
import type { Program } from "../program/program.ts";
import { atOnce, type Jobs } from "../steps.ts";
import { prepareRows } from "./prepare.ts";
import { type BoundData, type Data, type DataRules, type NamedOutputs, readData } from "./training-data.ts";
import { type WeightOptions, weighClasses } from "./weights.ts";
import { bindColumns, type Dataset, fillPorts } from "./windows.ts";

type Given = Data<unknown, NamedOutputs> | BoundData<unknown>;

export interface Reader {
  /** Weighed rows after preprocessing, once the jobs are done. */
  read(who: string, data: Given, options: WeightOptions | undefined, jobs: Jobs): Dataset;
  readAtOnce(who: string, data: Given, options?: WeightOptions): Dataset;
  /** Lays the rows of one batch into the ports that train, and gives their number. */
  loadBatch(who: string, data: Given, options?: WeightOptions): number;
}

export function makeReader(program: Program, train: TrainPlan, rules: DataRules): Reader {
  const read: Reader["read"] = (who, data, options, jobs) => {
    const given = weighClasses(who, readData(who, data, rules, jobs), rules, options?.classWeight, jobs);
    return prepareRows(who, program, rules, given, jobs);
  };
  const readAtOnce: Reader["readAtOnce"] = (who, data, options) =>
    atOnce((jobs) => read(who, data, options, jobs));
  return {
    read,
    readAtOnce,
    loadBatch: (who, data, options) => {
      const dataset = readAtOnce(who, data, options);
      const { batch } = program.plan;
      if (dataset.rows > batch)
        throw new ShapeError(
          `${who}: takes at most ${batch} rows, the batchSize of compile; got ${dataset.rows}`,
          "rows",
        );
      const { ports } = train.tape;
      bindColumns(program, ports, dataset);
      fillPorts(program, ports, dataset, 0, dataset.rows);
      return dataset.rows;
    },
  };
}
