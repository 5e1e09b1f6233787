extension Alias {
    static let layers: [Alias] = named([
        "conv": "conv2d convolution convolution2d",
        "dense": "linear fc fully_connected affine",
        "norm":
            "batchnorm2d batchnorm1d batchnorm batch_norm bn layernorm layer_norm groupnorm group_norm normalisation "
            + "normalization",
        "pool":
            "maxpool2d maxpool max_pool maxpooling2d avgpool2d avgpool avg_pool average_pool averagepooling2d",
        "global_pool": "adaptiveavgpool2d gap global_average_pool globalaveragepooling2d",
        "residual": "residual_block resblock skip_connection",
        "attention": "multiheadattention multihead_attention mha self_attention",
        "positions": "pos_embed position_embedding positional_embedding",
        "class_token": "cls_token cls",
        "transpose": "transposed permute",
        "kernel": "kernel_size ksize",
        "channels": "out_channels embed_dim",
        "groups": "num_groups",
        "bias": "use_bias",
    ])

    static let values: [Alias] =
        named([
            "mlp":
                "fc fcn fcnn fully_connected dense feedforward feed_forward ffn dnn perceptron multilayer_perceptron",
            "vib": "ib dvib deep_vib",
            "cnn": "conv convnet conv2d lenet lenet5 vgg vgg11 vgg16",
            "vit": "vision_transformer visiontransformer deit vit_tiny vit_small vit_base",
            "mixer": "mlp_mixer mlpmixer",
            "gmlp": "",
            "mnist": "digits",
            "fashion-mnist": "fashion fmnist",
            "cifar-10": "cifar",
            "cifar-100": "cifar100",
            "gaussian": "normal lecun lecun_normal multivariate_normal",
            "generated-images": "fake fake_data dummy synthetic",
            "modular-addition": "modular modulo modadd grokking",
            "teacher": "student teacher_student",
            "adam": "",
            "adamw": "",
            "sgd": "gd gradient_descent momentum sgd_momentum",
            "constant": "none fixed constantlr",
            "cosine": "cos cosine_annealing cosineannealinglr cosine_decay",
            "decay": "step steplr exponential exponentiallr exponential_decay multistep multisteplr",
            "linear": "identity none",
            "relu": "rectifier",
            "tanh": "",
            "gelu": "",
            "gelu_tanh": "gelu_new gelu_fast",
            "silu": "swish",
            "sigmoid": "",
            "leaky_relu": "leakyrelu lrelu",
            "elu": "",
            "softplus": "",
            "he_glorot":
                "he he_normal kaiming kaiming_normal kaiming_uniform glorot glorot_normal glorot_uniform xavier "
                + "xavier_normal xavier_uniform default",
            "truncated_normal": "trunc_normal",
            "orthogonal": "ortho",
            "batch": "bn batchnorm batchnorm1d batchnorm2d",
            "layer": "ln layernorm",
            "group": "gn groupnorm",
            "instance": "instancenorm",
            "cross_entropy":
                "ce xent softmax crossentropyloss categorical_crossentropy sparse_categorical_crossentropy nll_loss",
            "mean_squared_error": "mse mseloss mse_loss l2 squared_error",
            "logistic": "bce bceloss bcewithlogitsloss bce_with_logits binary_cross_entropy",
            "final": "last true",
            "power": "powerlaw power_law loglog",
            "log": "logarithmic log10",
        ])
        + told([
            (
                "resnet",
                "resnet8 resnet14 resnet18 resnet20 resnet32 resnet34 resnet44 resnet50 resnet56 resnet101 resnet110 "
                    + "wide_resnet wrn",
                "write 'model: resnet' with 'depth': 8, 14, 20, 26, 32, … (6n + 2), and 'width' for a wider one"
            )
        ])

    /// Words that resemble a name here and mean something else.
    static let distinct = [
        "selu", "celu", "prelu", "rmsprop", "nadam", "radam", "adamax",
        "emnist", "kmnist", "qmnist", "rnn", "gnn", "gan", "gcn", "snn",
    ]

    /// Forms of a mapping that gives an axis its values: W&B's, Optuna's, Ray Tune's, Hydra's and NumPy's.
    static let axes: [Alias] =
        named(["count": "num n size samples points", "step": "stride by"])
        + told([
            (
                "range",
                "log_uniform log_uniform_values loguniform qloguniform inv_log_uniform q_log_uniform_values "
                    + "reverse_log_uniform",
                "write {log_uniform: [a, b], count: n} for n drawn values, or {log: [a, b], count: n} for values "
                    + "equally spaced in the logarithm"
            ),
            ("range", "logspace geomspace", "write {log: [a, b], count: n}"),
            (
                "range", "uniform quniform q_uniform float double",
                "write {uniform: [a, b], count: n} for n drawn values, or {linear: [a, b], count: n} for equally "
                    + "spaced ones"
            ),
            ("range", "linspace", "write {linear: [a, b], count: n}"),
            (
                "range", "arange randint int int_uniform integer integers",
                "write {range: [a, b]}, which excludes b, {uniform: [a, b], count: n} for n drawn ones from a to b, "
                    + "or list the values: [1, 2, 4]"
            ),
            (
                "range", "values value choice choices categorical grid grid_search options",
                "write the list itself: [a, b, c]"
            ),
            (
                "range", "min max low high lower upper start stop end from to",
                "write {log: [a, b], count: n}, {linear: [a, b], count: n}, {range: [a, b]}, {uniform: [a, b], count: n} "
                    + "or {log_uniform: [a, b], count: n}"
            ),
            (
                "range", "distribution type dist sampler normal q_normal gaussian log_normal randn",
                "write a list, a rule such as {log: [a, b], count: n}, or one that draws: {uniform: [a, b], count: n} "
                    + "or {log_uniform: [a, b], count: n}"
            ),
        ])

    static let metrics: [Alias] =
        named([
            "accuracy":
                "acc test_acc test_accuracy val_acc val_accuracy valid_acc validation_accuracy eval_accuracy top1 acc1",
            "train_accuracy": "train_acc training_accuracy",
            "test_loss": "val_loss valid_loss validation_loss eval_loss test_nll",
            "train_loss": "training_loss",
            "kl_nats": "kl kl_loss kl_div kl_divergence kld rate",
            "i_zy_nats": "izy i_yz",
            "local_rank": "rank jacobian_rank jacobian jacrev jacfwd jvp",
            "gradient_mean": "grad_norm gradient_norm",
            "gradient_snr": "snr",
            "spectral_norm": "operator_norm lipschitz sigma_max",
            "frobenius_norm": "weight_norm l2_norm",
            "weight_displacement": "weight_distance distance_from_init",
        ])
        + told([
            ("test_loss", "loss", "'loss' is 'train_loss' or 'test_loss' here"),
            (
                "accuracy", "error err error_rate test_error top5 f1 f1_score auc auroc precision recall",
                "only 'accuracy' is measured, the share of correctly classified points"
            ),
            (
                "kl_nats", "mi mutual_information information i_xz i_zx",
                "a VIB bounds I(X;Z) by 'kl_nats' and I(Z;Y) by 'i_zy_nats'"
            ),
            (
                "test_loss", "runtime duration seconds time_total_s walltime wall_time epoch_time",
                "times are in provenance.ndjson, not in records, which do not depend on the machine"
            ),
        ])

    // MARK: The command line

    static let commands: [Alias] =
        named([
            "ranksweep init": "new create scaffold template",
            "ranksweep run SWEEP": "train start sweep exec execute go tune optimize fit search",
            "ranksweep run SWEEP --listen tcp://HOST:PORT": "serve server coordinator controller master head",
            "ranksweep-worker --connect tcp://HOST:PORT": "agent worker join connect",
            "ranksweep launch CLUSTER SWEEP": "submit sbatch srun up deploy ssh",
            "ranksweep plan SWEEP": "dry_run dry -n preview estimate validate lint no_run",
            "ranksweep status DIR": "stat state progress info jobs queue squeue sacct ps",
            "ranksweep status DIR --follow": "watch monitor tail follow top",
            "ranksweep resume DIR": "continue restart restore retry rerun recover --resume",
            "ranksweep cancel DIR": "stop kill abort scancel end terminate",
            "ranksweep pause DIR": "suspend hold",
            "ranksweep unpause DIR": "release unhold",
            "ranksweep extend DIR --set AXIS=V1,V2,…": "add append",
            "ranksweep shard SWEEP --index I --count N --out FILE": "array split task --array --shards",
            "ranksweep merge FILE|DIR… --out DIR": "combine concat collect gather",
            "ranksweep check DIR": "verify fsck doctor",
            "ranksweep figures DIR": "plot plots draw graph render report",
            "ranksweep measure FILE.safetensors": "eval evaluate analyze analyse",
            "ranksweep data fetch NAME": "download fetch",
            "ranksweep keys new DIR": "keygen auth",
            "ranksweep --version": "-V -v --ver",
            "ranksweep --help": "man usage commands -? --usage",
        ])
        + told([
            (
                "ranksweep status DIR", "ls list runs",
                "runs are directories: 'ls runs' lists them, and 'ranksweep status DIR' shows one"
            ),
            (
                "ranksweep measure FILE.safetensors", "summary torchinfo torchsummary netron",
                "'ranksweep measure NET.onnx --list-layers' prints the layers of a network"
            ),
            (
                "ranksweep measure FILE.safetensors", "onnx torch.onnx tf2onnx jax2onnx onnxruntime",
                "'ranksweep measure NET.onnx' measures a network from PyTorch, Keras or JAX (docs/networks.md)"
            ),
            (
                "ranksweep run SWEEP", "-m --multirun multirun",
                "the 'axes' of the sweep file are the multirun: 'ranksweep run SWEEP' runs all their combinations"
            ),
            (
                "ranksweep figures DIR", "ui dashboard web open show view board tensorboard wandb mlflow",
                "figures, tables and failures are on one page, DIR/report.html: open it in a browser"
            ),
            (
                "ranksweep status DIR", "log logs errors",
                "'ranksweep status DIR' shows failed trials with the last lines that they printed"
            ),
            (
                "ranksweep run SWEEP", "rm delete clean remove purge",
                "a run is its directory: 'rm -r DIR' removes it, and 'ranksweep cancel DIR' ends it first"
            ),
            (
                "ranksweep merge", "sync login push pull upload export",
                "a run directory is complete and needs no server: copy it, or join several with 'ranksweep merge'"
            ),
        ])

    static let options: [Alias] =
        named([
            "--out":
                "-o --output --output_dir --out_dir --outdir --save_dir --log_dir --logdir --results --dir",
            "--slots":
                "-j -P --jobs --n_jobs --max_procs --num_workers --nproc --procs --cpus --cores --threads --parallel "
                + "--ntasks --cpus_per_task --max_concurrent_trials",
            "--quick": "--fast --smoke --smoke_test --fast_dev_run --debug",
            "--set": "-D -p --param --override --overrides --define --hparams",
            "--follow": "-f --watch --live --tail",
            "--trial-limit": "--timeout --time --time_limit --max_time --walltime",
            "--memory-limit": "--mem --memory --mem_per_cpu --max_memory",
            "--connect": "--host --server --url --address --coordinator --master_addr",
            "--listen": "--host --port --bind --address",
            "--keys": "--key --token --api_key --auth --tls --cert --password",
            "--data": "-d --data_dir --datadir --data_path --dataset_dir --data_root",
            "--format": "--fmt --ext --filetype",
            "--size": "--figsize",
            "--measures": "--metrics --metric",
            "--index": "--rank --task_id --shard_index",
            "--count": "--world_size --num_shards",
        ])
        + told([
            (
                "--slots",
                "--gpu --gpus --device --devices --cuda --accelerator --num_gpus --gpus_per_trial --gres",
                outsideGPU
            ),
            (
                "--format", "--dpi --resolution",
                "a png has 300 dots an inch, and pdf and svg have none; --size sets the inches"
            ),
            (
                "--set", "-c --config --config_name --config_path --config_dir --cfg --file --yaml",
                "the sweep file is an argument without an option: ranksweep run SWEEP"
            ),
            (
                "--out", "--force --overwrite --yes -y",
                "a run directory is never overwritten: give another one with --out, or continue it with 'ranksweep "
                    + "resume DIR'"
            ),
            (
                "--retry", "--retry_failed --resume_failed --rerun_failed",
                "write --retry failed, --retry quarantined or --retry failed,quarantined"
            ),
            (
                "--out", "--name --run_name --project --experiment --tag",
                "a run is named by 'name' in its sweep file, and its directory by --out DIR"
            ),
            (
                "--slots", "-v -vv --verbose --log_level",
                "there is no verbosity: the command shows its progress, and 'ranksweep status DIR' shows the rest"
            ),
            (
                "--slots", "-q --quiet --silent --no_progress",
                "progress and warnings go to standard error: '2> FILE' redirects them"
            ),
            (
                "--set", "--trials --n_trials --num_trials --num_samples --count --repeat --repeats",
                "the axes decide how many trials there are: --set seed=0,1,2,3,4 runs each point with five seeds"
            ),
            ("--set", "::: :::: -a --arg_file", "an axis lists its values: --set seed=0,1,2"),
            (
                "--slots",
                "--nodes -N --hosts --hostfile --ssh -S --sshlogin --sshloginfile --partition --account",
                "machines are in a cluster file of their own: 'ranksweep launch CLUSTER SWEEP'"
            ),
            (
                "--slots", "--wandb --tensorboard --mlflow --logger --joblog",
                "results are files: records.ndjson, provenance.ndjson, tables and report.html in the run directory"
            ),
            ("--set", "--search --sampler --method --strategy", grid),
        ])
}
