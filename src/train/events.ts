/** What training tells while it runs. Steps and epochs count from 1; errors are fractions, losses nats. */

export interface StepEvent {
  readonly step: number;
  readonly loss: number;
  readonly error: number;
  /** Learning rate of the step. */
  readonly rate: number;
}

/** What the HyperNet's training tells. */
export type HyperNetEvent =
  | ({ readonly type: "hypernet-step" } & StepEvent)
  | {
      readonly type: "hypernet-validation";
      readonly step: number;
      readonly loss: number;
      readonly error: number;
    };

/** What the training of a single network tells. */
export type NetworkEvent =
  | ({ readonly type: "network-step" } & StepEvent)
  | {
      readonly type: "network-epoch";
      readonly epoch: number;
      readonly trainLoss: number;
      readonly trainError: number;
      readonly validationLoss: number;
      readonly validationError: number;
      /** Whether no epoch before had as low a validation error. */
      readonly isBest: boolean;
    };
