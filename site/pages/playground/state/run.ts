/** The one run of the page. */
import { openSession } from "../run/session.ts";
import { Player } from "./player.ts";

export const player = new Player(openSession);
