extension Alias {
    /// Names from before version 0.2.0 that users wrote or read: parts of paths, words, metrics and options. A
    /// part that has moved is listed with the parts around it. docs/changelog.md lists the same names.
    public static let renamed: KeyValuePairs<String, String> =
        [
            // Settings.
            "experiment": "model", "skips": "residual", "scaleShift": "sigma_shift",
            "directions": "directions_seed", "teacherDepth": "teacher_depth", "teacherWidth": "teacher_width",
            "teacherSeed": "teacher_seed", "trainPoints": "train_points", "testPoints": "test_points",
            "trainFraction": "train_fraction",
            "learningRate": "learning_rate", "weightDecay": "weight_decay",
            "decoupledDecay": "optimizer: adamw",
            "decayFactor": "decay_factor", "decayEvery": "decay_every", "average": "ema_decay",
            "batch": "batch_size", "logDet": "log_det",
            "every": "trace_at", "local_rank.every": "trace_at", "localRank.every": "trace_at",
            // Measures, of sweeps and of the command measure.
            "localRank": "local_rank", "weightNorms": "weight_norms", "effectiveRank": "effective_rank",
            "gradientNoise": "gradient_noise", "weightDisplacement": "weight_displacement",
            "binnedInformation": "binned_information", "kernelInformation": "kernel_information",
            "gaussianBound": "gaussian_bound", "noiseRatio": "noise_ratio", "stepsToLoss": "steps_to_loss",
            "activationRank": "activation_rank", "featureDimension": "feature_dimension",
            "intrinsicDimension": "intrinsic_dimension", "partialRank": "partial_rank",
            "classificationDimension": "classification_dimension",
            "independenceDeficit": "independence_deficit",
            "neuralCollapse": "neural_collapse", "weightProduct": "weight_product",
            "rankStability": "rank_stability", "componentRank": "component_rank",
            "activeUnits": "active_units",
            "spectralNorm": "spectral_norm", "frobeniusNorm": "frobenius_norm", "stableRank": "stable_rank",
            "numericalRank": "numerical_rank",
            // Values.
            "modularAddition": "modular-addition", "scaled": "he_glorot",
            "truncatedNormal": "truncated_normal",
            "crossEntropy": "cross_entropy", "meanSquaredError": "mean_squared_error",
            "gaussianNLL": "gaussian_nll", "hiddenMin": "hidden_min",
            // Metrics and columns.
            "component_accuracy": "pca_accuracy", "rank_me": "rankme",
            // Cluster files.
            "lines": "sbatch_args", "min": "min_jobs", "max": "max_jobs",
            // Options.
            "--patience": "--coordinator-timeout", "--margin": "--shutdown-margin",
            "--stop-with-stdin": "--exit-on-stdin-eof", "ranksweep pause --off": "ranksweep unpause DIR",
        ]

    /// Words of other programs, under the headings of docs/coming-from.md, which lists them all.
    public static let sections: [(title: String, aliases: [Alias])] = [
        ("Settings", settings), ("Layers of a network", layers), ("Other keys of a sweep file", keys),
        ("Values", values),
        ("Values of an axis", axes), ("Metrics", metrics), ("Options", options), ("Commands", commands),
    ]

    static func named(_ names: KeyValuePairs<String, String>) -> [Alias] {
        names.map {
            Alias(words: $0.value.split(separator: " ").map(String.init), name: $0.key, sentence: nil)
        }
    }

    /// Answers in sentences. `name` is a name that the concerned readers know.
    static func told(_ answers: [(name: String, words: String, sentence: String)]) -> [Alias] {
        answers.map {
            Alias(
                words: $0.words.split(separator: " ").map(String.init), name: $0.name, sentence: $0.sentence)
        }
    }

    // MARK: Sweep files

    static let settings: [Alias] =
        named([
            "model": "arch architecture net model_name model_type backbone",
            "dataset": "data datamodule train_data data_name",
            "seed": "random_seed random_state manual_seed rng_seed global_seed",
            "beta": "kl_weight kl_coeff",
            "weights": "checkpoint checkpoints ckpt save_model save_weights save_checkpoint",
            "depth": "num_layers n_layers n_layer nlayers layer_count",
            "width":
                "hidden_size hidden_dim hidden_units num_units units n_hidden n_units neurons d_model channels",
            "hidden": "hidden_sizes hidden_dims hidden_layers hidden_layer_sizes layer_sizes layers",
            "activation": "act act_fn activation_fn activation_function nonlinearity",
            "biases": "bias use_bias",
            "initialisation": "init initialization init_method initializer initialiser weight_init",
            "normalisation": "norm norm_layer normalization batch_norm bn layer_norm",
            "groups": "num_groups",
            "residual": "residuals skip_connections shortcut",
            "bottleneck": "latent_dim latent_size n_latent z_dim bottleneck_dim bottleneck_size",
            "training": "train trainer train_args training_args optimization",
            "training.optimizer": "optim optimiser opt solver",
            "training.learning_rate": "lr base_lr initial_lr init_lr max_lr peak_lr learn_rate eta",
            "training.beta1": "adam_beta1 b1",
            "training.beta2": "adam_beta2 b2",
            "training.epsilon": "eps adam_eps adam_epsilon",
            "training.momentum": "",
            "training.weight_decay": "wd l2 l2_reg l2_penalty",
            "training.schedule": "scheduler sched lr_scheduler lr_schedule lr_policy",
            "training.decay_factor": "gamma lr_gamma lr_decay decay_rate",
            "training.decay_every": "lr_step lr_step_size step_size decay_steps",
            "training.milestones": "lr_milestones lr_steps",
            "training.warmup": "warmup_steps num_warmup_steps lr_warmup_steps warm_up linear_warmup",
            "training.clip_norm":
                "clip grad_clip gradient_clip gradient_clip_val clip_grad clip_grad_norm clip_grad_norm_ max_grad_norm "
                + "max_norm clipnorm global_clipnorm",
            "training.label_smoothing": "label_smoothing_factor smoothing smooth_labels",
            "training.ema_decay": "ema model_ema polyak",
            "training.batch_size":
                "bs batch batchsize train_batch_size minibatch minibatch_size per_device_train_batch_size",
            "training.steps":
                "max_steps num_steps n_steps train_steps total_steps iterations max_iter max_iters num_iterations",
            "training.epochs": "epoch max_epochs num_epochs n_epochs nb_epochs num_train_epochs",
            "training.loss": "criterion loss_fn loss_function",
            "training.stop_at_loss": "stop_at stop_loss target_loss stopping_threshold",
            "dataset.train_points": "n_train num_train train_size n_samples limit_train_batches",
            "dataset.test_points": "n_test num_test test_size",
            "measures": "metrics measurements",
            "measures.local_rank": "rank jacobian_rank",
            "measures.trace_at":
                "log_every log_freq log_interval log_every_n_steps eval_every eval_interval eval_steps logging_steps "
                + "val_check_interval trace",
        ])
        + told([
            (
                "depth", "num_hidden_layers n_hidden_layers",
                "'depth' counts the weight layers: give it the number of hidden layers plus 1"
            ),
            (
                "seed", "seeds num_seeds n_seeds",
                "seeds are an axis: 'seed: {range: [0, 5]}' under 'axes', or --set seed=0,1,2,3,4"
            ),
            (
                "dropout", "dropout_rate drop_rate p_drop",
                "'dropout' is for models vit, mixer, gmlp and layers; 'training.weight_decay' and 'training.log_det.weight' "
                    + "regularise the others"
            ),
            (
                "training.optimizer", "betas adam_betas",
                "Adam's decay rates are 'training.beta1' and 'training.beta2'"
            ),
            (
                "training.momentum", "nesterov",
                "momentum is the plain one of 'training.momentum'; there is no Nesterov variant"
            ),
            (
                "training.warmup", "warmup_epochs warmup_ratio",
                "'training.warmup' counts the steps of the warm-up"
            ),
            (
                "training.clip_norm", "clip_grad_value clip_value clipvalue gradient_clip_algorithm",
                "gradients are clipped by their norm: 'training.clip_norm'"
            ),
            (
                "training.batch_size", "accumulate_grad_batches gradient_accumulation_steps grad_accum",
                "each batch is one step, and gradients are not accumulated; give a larger 'training.batch_size'"
            ),
            (
                "training.batch_size", "num_workers dataloader pin_memory drop_last shuffle",
                "data are held in memory and shuffled anew for each epoch; only 'training.batch_size' can be "
                    + "set"
            ),
            (
                "training.optimizer", "precision amp fp16 bf16 half mixed_precision dtype",
                "all networks train in float32; there is no other precision"
            ),
            (
                "training.steps",
                "early_stopping early_stop early_terminate patience hyperband asha pruner stopper",
                "no training is stopped because of others or without progress; all run 'training.steps' or "
                    + "'training.epochs' unless 'training.stop_at_loss' ends them, and 'measures.trace_at' records the steps "
                    + "before the end"
            ),
            (
                "training.steps",
                "device devices gpu gpus cuda accelerator num_gpus gpus_per_trial resources resources_per_trial",
                outsideGPU
            ),
            (
                "dataset", "augment augmentation data_augmentation transform transforms",
                "images are not augmented; 'dataset.scale' is their only transformation"
            ),
            (
                "dataset", "val_size val_split valid_split validation_split",
                "there is no validation split; metrics are of the training and the test points "
                    + "('dataset.train_points', 'dataset.test_points')"
            ),
        ])

    static let outsideGPU =
        "ranksweep trains on processors, one core a trial, and not on GPUs; train there with another program, and "
        + "measure its weights with 'ranksweep measure'"

    static let grid =
        "a sweep runs its whole grid, all combinations of 'axes', which may be drawn: for a random search give them "
        + "{uniform: [a, b], count: n} or {log_uniform: [a, b], count: n}, and 'zip' or 'sobol'; for a Bayesian one "
        + "call 'ranksweep run SWEEP --set …' from Optuna or the like"

    static let keys: [Alias] =
        named([
            "name": "title experiment_name run_name study_name sweep_name id",
            "axes":
                "parameters params param_grid param_space search_space sweep sweeper sweep_params grid grid_search "
                + "hparams hyperparams hyperparameters",
            "where": "filter filters exclude constraint constraints condition conditions",
            "zip": "zipped paired together",
            "sobol": "qmc quasi_random quasirandom sobol_sequence low_discrepancy",
            "figures": "figure plot plots chart charts",
            "quick": "smoke smoke_test debug fast_dev_run",
            "x": "xaxis xs",
            "y": "yaxis ys metric",
            "classes": "class",
            "curves": "hue color colour lines series group group_by groupby",
            "panels": "facet facets subplots col row",
            "xscale": "logx xlog",
            "yscale": "logy ylog",
            "fit": "regression trend trendline",
            "step": "steps epoch epochs iteration iterations iter global_step _step",
        ])
        + told([
            ("axes", "method strategy sampler search_alg search_algorithm algo tune", grid),
            (
                "axes", "metric goal objective direction mode",
                "nothing is optimised: the whole grid of 'axes' runs, records hold all metrics, and 'figures' draw them"
            ),
            (
                "axes",
                "trials n_trials num_trials max_trials num_samples run_cap count repeat repeats replicas",
                "the trials are all combinations of 'axes'; 'seed: {range: [0, 5]}' there repeats each five times"
            ),
            (
                "axes", "program command script entrypoint entry_point main _target_",
                "ranksweep trains 'model' on 'dataset' itself; it runs no program of yours"
            ),
            (
                "axes", "defaults hydra launcher overrides config configs",
                "a sweep is one file; 'quick' and --set change it, and 'axes' are the multirun"
            ),
            (
                "axes", "project entity wandb tracking logger group tags notes description",
                "results are files, and no service receives them: 'name' names the run, --out its directory"
            ),
            (
                "axes", "storage study bucket s3 gs cloud remote sync_config",
                "a run directory is on this machine's disk, and there is no cloud storage; copy the directory, or join "
                    + "several with 'ranksweep merge'"
            ),
            (
                "axes", "slurm sbatch partition gres cluster hosts nodes",
                "machines are in a cluster file of their own: 'ranksweep launch CLUSTER SWEEP'"
            ),
            (
                "axes",
                "workers jobs n_jobs max_concurrent_trials concurrency parallel slots cpus cpus_per_trial",
                "a sweep file says only what to train; 'ranksweep run SWEEP --slots N' says how many trials run at a "
                    + "time"
            ),
            (
                "axes", "output out outdir output_dir save_dir log_dir logdir local_dir storage_path",
                "the run directory is an option: 'ranksweep run SWEEP --out DIR' (default: runs/NAME)"
            ),
        ])
}
