/** Every plan made in any test is verified, for a full batch and for the shortest one. */
import { planHooks } from "../src/plan/plan.ts";
import { verifyPlan } from "../src/plan/verify.ts";

planHooks.planned = (plan) => {
  verifyPlan(plan);
  verifyPlan(plan, 1);
};
