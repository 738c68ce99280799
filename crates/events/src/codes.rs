//! Codes of errors and warnings: what a program decides by, where people read the message.
//!
//! A code never changes its meaning; new ones may come. `docs/progress.md` lists them, which a test
//! compares with this file.

use crate::words::words;

words! {
    /// Why something could not be done.
    ErrorCode {
        /// The command line, or settings, make no sense together.
        Usage = "usage",
        /// Model files are missing or not the right ones.
        Models = "models",
        /// There is no worker program, or it does not belong to this program.
        WorkerProgram = "worker_program",
        /// Workers cannot be had: they end before they are ready, or there is no memory for them.
        Workers = "workers",
        /// A network cannot be run where it was wanted.
        Provider = "provider",
        /// The input is not there.
        InputMissing = "input_missing",
        /// The input cannot be read, decoded or analysed as it is.
        Input = "input",
        /// The input was changed while it was read.
        InputChanged = "input_changed",
        /// Not one frame of the input could be analysed.
        Analysis = "analysis",
        /// Frames of the input bring workers down, again and again.
        DeadlyFrames = "deadly_frames",
        /// Runs died while they worked on the input; it is passed over.
        DeadlyInput = "deadly_input",
        /// There is an output already that would be another now.
        OutputExists = "output_exists",
        /// The disk has no room.
        DiskFull = "disk_full",
        /// An output cannot be written.
        Output = "output",
        /// Another run is writing the same output.
        Taken = "taken",
        /// There is unfinished work that these settings cannot continue.
        OtherWork = "other_work",
        /// Unfinished work cannot be read or kept.
        Journal = "journal",
        /// Something else of the system: signal handlers, threads, the trace file.
        System = "system",
    }
}

words! {
    /// What something worth knowing is about.
    WarningCode {
        /// Model files are in use that are not the known ones.
        UnknownModels = "unknown_models",
        /// The demo models are in use, which know only a synthetic face.
        DemoModels = "demo_models",
        /// Times mean nothing: inferences are simulated.
        Simulation = "simulation",
        /// An input was named more than once; it is done once.
        Repeated = "repeated",
        /// A summary of tables or a page could not be made; the tables are there.
        Report = "report",
        /// Something that was named, or lies in a folder that was, is no input and is passed over.
        PassedOver = "passed_over",
        /// The picture is turned, as the file says it should be shown.
        Turned = "turned",
        /// Pixels are not square; pictures are scaled to how they are shown.
        PixelsScaled = "pixels_scaled",
        /// Pixels are not square; pictures are analysed as they are stored.
        PixelsLeft = "pixels_left",
        /// What the file says of the shape of its pixels cannot be, and is passed over.
        PixelsImplausible = "pixels_implausible",
        /// Pictures change their size on the way; tracking begins anew there.
        SizeChanges = "size_changes",
        /// The file has several tracks of pictures.
        SeveralTracks = "several_tracks",
        /// The file holds no times; a frame rate is assumed.
        NoTimes = "no_times",
        /// The file's clock jumps.
        ClockJumps = "clock_jumps",
        /// Frames are missing between others.
        Gaps = "gaps",
        /// Some frames had no times; they were put between their neighbours.
        TimesFilled = "times_filled",
        /// Sound and picture do not begin together.
        SoundOffset = "sound_offset",
        /// The file ends before it should.
        CutShort = "cut_short",
        /// The file has entries without a picture.
        EmptyFrames = "empty_frames",
        /// Some frames cannot be decoded.
        Undecodable = "undecodable",
        /// Frames were counted by decoding all of them.
        CountedByDecoding = "counted_by_decoding",
        /// Something about images of a folder.
        Images = "images",
        /// There are too few frames for intensities of action units to mean much.
        FewFrames = "few_frames",
        /// Hardware decodes; pixels differ a little from software's.
        DecodedByHardware = "decoded_by_hardware",
        /// Hardware was wished for, and software decodes.
        DecodedInSoftware = "decoded_in_software",
        /// The file promised a frame that cannot be decoded; the input is begun again.
        IndexWrong = "index_wrong",
        /// A frame could not be analysed and is marked as failed.
        FrameFailed = "frame_failed",
        /// A worker is gone.
        WorkerLost = "worker_lost",
        /// A worker remarked something.
        Worker = "worker",
        /// A network does not run where it was wished.
        Provider = "provider",
        /// What is known so far is kept for a later run.
        WorkKept = "work_kept",
        /// The file system knows no locks.
        NoLocks = "no_locks",
        /// The summary of the batch is not written.
        Summary = "summary",
        /// The trace is not written on.
        Trace = "trace",
    }
}
