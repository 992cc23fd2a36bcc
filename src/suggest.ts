/** Unknown names: the one that was probably meant, all there are, and where a name belongs that is at home elsewhere. */
import { describe } from "./describe.ts";
import { DataError, OptionError } from "./errors.ts";

/**
 * What users know from this package and from others (Keras, PyTorch, scikit-learn, brain.js): in each line what is said of
 * the names in it, then the names, each with what others call it, in small letters without `_` and `-`.
 */
const KNOWN = `belongs to compile|batchSize=batch,minibatch loss=criterion,lossfn,lossfunction optimizer=solver labels=classes,classnames targets accumulate freeze=frozen,trainable clip=clipnorm,globalclipnorm,clipvalue,maxgradnorm,gradientclip averageWeights=ema,useema penalties=kernelregularizer,biasregularizer,regularizer constraints=kernelconstraint,biasconstraint,maxnorm windowRows shuffleSeed metrics engine
belongs to fit|epochs=numepochs,nepochs,iterations,maxiter,maxepochs untilEpoch=totalepochs,initialepoch steps=maxsteps,updates stopWhen=errorthresh,tol validation=validationdata,validationsplit,validationfraction,valdata earlyStopping shuffle ledger onEpoch=callbacks,callback,onepochend onProgress=verbose,log,logperiod signal
belongs to earlyStopping of fit|patience=niternochange minDelta monitor mode
belongs to stopWhen of fit|lossBelow=loss,errorthresh,minloss
belongs to copyParameters|mix=tau,polyak
belongs to sgd, adam and adamW|learningRate=lr,rate,eta,stepsize,learningrateinit
belongs to sgd and batchNorm|momentum
belongs to sgd|nesterov=usenesterov
belongs to adam and adamW|beta1=betas,b1 beta2=b2 epsilonMode biasCorrection amsgrad
belongs to adam, adamW, batchNorm and layerNorm|epsilon=eps
belongs to adamW|weightDecay=l2,kernelregularizer decay
belongs to adamW and conv2d|groups=paramgroups,params
belongs to dense|activation=act,nonlinearity bias=usebias weightInitializer=kernelinitializer,initializer,init biasInitializer
belongs to layers of windows, such as maxPool2d|stride=strides padding=pad,paddingmode
belongs to averagePool1d and averagePool2d|countPadding=countincludepad
belongs to conv2d, depthwiseConv2d and separableConv2d|kernel=kernelsize,filtersize dilation=dilationrate
belongs to depthwiseConv2d and separableConv2d|multiplier=depthmultiplier,channelmultiplier
belongs to upsample2d|mode=interpolation
belongs to impute|with=strategy,fillvalue indicator=addindicator
belongs to oneHot|categories=numclasses,numtokens,depth unseen=handleunknown,oov
belongs to embedding|tableInitializer=embeddingsinitializer,initializer
belongs to sequential|input=inputshape,inputdim,inputsize,infeatures,shape columns=featurecolumns,featurenames
belongs to model|inputs=inputshape,inputdim,inputsize
belongs to sequential and model|seed=randomstate,randomseed
belongs to the data, { x, y }|x=xs,inputs,input,features,data y=ys,labels,label,targets,target,outputs,output
belongs to the data, as { x, y, sampleWeight }|sampleWeight=sampleweights,weights
belongs to fit and evaluate|classWeight=classweights
is a layer of its own, as in activityPenalty({ l1: 1e-4 })|activityPenalty=activityregularizer
is the first argument of dense, as in dense(4)|units=outfeatures
is the second argument of sequential|layers=hiddenlayers
|globalNorm=globalclipnorm,maxnorm,maxgradnorm norm=clipnorm value=clipvalue std=stddev axis=dim keepDims=keepdim silu=swish linear=identity,none sigmoid=logistic glorotUniform=xavieruniform,xavier glorotNormal=xaviernormal heUniform=kaiminguniform heNormal=kaimingnormal,he`;

const plain = (name: string) => name.replace(/[_-]/g, "").toLowerCase();

/** How many letters must be put in, taken out or changed. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++)
      next.push(Math.min(row[j] + (a[i] === b[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1));
    row = next;
  }
  return row[b.length];
}

/** What to say of a name that is none of `names`; nothing where nothing is known. */
function suggestion(given: string, names: readonly string[]): string {
  const key = plain(given);
  const meant = (name: string) => `did you mean ${name}? `;
  let elsewhere = "";
  for (const line of KNOWN.split("\n")) {
    const [says, known] = line.split("|");
    for (const entry of known.split(" ")) {
      const [name, others = ""] = entry.split("=");
      if (plain(name) !== key && !others.split(",").includes(key)) continue;
      if (names.includes(name)) return meant(name);
      if (says) elsewhere ||= `${/^(belongs|is) /.test(says) ? `${name} ` : ""}${says}. `;
    }
  }
  const near = nearest(given, names);
  return near === undefined ? elsewhere : meant(near);
}

/** The name that was probably meant. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const key = plain(given);
  const distances = names.map((name) => distance(key, plain(name)));
  const least = Math.min(...distances);
  // One letter in three to seven, two in eight, ..; or the beginning of a name.
  return least <= Math.ceil((key.length - 2) / 5)
    ? names[distances.indexOf(least)]
    : names.find((name) => key.length > 2 && plain(name).startsWith(key));
}

/** Most names that a message lists. */
const MOST_LISTED = 20;

export const listed = (names: readonly string[]): string =>
  names.slice(0, MOST_LISTED).join(", ") + (names.length > MOST_LISTED ? ", .." : "");

/** What is wrong with a name that is none of `names`. */
export function unknownName(who: string, kind: string, given: unknown, names: readonly string[]): string {
  const hint = typeof given === "string" ? suggestion(given, names) : "";
  const all = `${hint ? kind[0].toUpperCase() : kind[0]}${kind.slice(1)}s`;
  return `${who}: unknown ${kind} ${describe(given)}; ${hint}${all}: ${listed(names)}`;
}

/** Refuses data that are not given by just these names. */
export function checkNames(
  what: string,
  given: unknown,
  names: readonly string[],
  kind: string,
  optional: readonly string[] = [],
): void {
  if (typeof given === "object" && given !== null && !Array.isArray(given) && !ArrayBuffer.isView(given)) {
    refuseUnknown(what, given, [...names, ...optional], kind);
    if (names.every((name) => (given as Record<string, unknown>)[name] !== undefined)) return;
  }
  const form = names.map((name) => `${name}: ..`).join(", ");
  throw new DataError(`${what} must be { ${form} }; got ${describe(given)}`, "missing");
}

/** Refuses names that nobody reads, unless their value is undefined: a misspelt option would silently leave a default, a forgotten key train nothing. */
export function refuseUnknown(who: string, given: object, names: readonly string[], kind = "option"): void {
  const values = given as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((name) => values[name] !== undefined && !names.includes(name));
  if (unknown === undefined) return;
  const Kind = kind === "option" ? OptionError : DataError;
  throw new Kind(unknownName(who, kind, unknown, names), "unknown");
}
