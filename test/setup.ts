/** As in Node: functions of users can be called with tensors, and every fit can write a ledger. Every plan made in any test is verified, for a full batch and for the shortest one. */
import { bringLedger } from "../src/ledger/write.ts";
import { bringTensors } from "../src/model/custom-loss.ts";
import { planHooks } from "../src/plan/plan.ts";
import { verifyPlan } from "../src/plan/verify.ts";

planHooks.planned = (plan) => {
  verifyPlan(plan);
  verifyPlan(plan, 1);
};

bringLedger();
bringTensors();
