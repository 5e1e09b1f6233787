import Model

extension ImageSetDescription {
    /// Articles of clothing, in MNIST's form (Xiao, Rasul & Vollgraf 2017).
    public static let fashionMNIST = ImageSetDescription(
        "fashion-mnist", ImageSize(height: 28, width: 28, channels: 1), trainPoints: 60_000,
        .mnistFiles(
            [
                ("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", 26_421_880),
                ("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", 29_515),
                ("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", 4_422_102),
                ("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", 5148),
            ],
            mirrors: [
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            ]))
}
