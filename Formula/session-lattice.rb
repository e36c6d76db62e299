class SessionLattice < Formula
  include Language::Python::Virtualenv

  desc "What coding agents did, answered from one DuckDB file"
  homepage "https://github.com/session-lattice/session-lattice"
  license "MIT"
  head "https://github.com/session-lattice/session-lattice.git", branch: "main"

  depends_on "python@3.14"

  preserve_rpath

  def install
    venv = virtualenv_create(libexec, "python3.14", system_site_packages: false)
    # Wheels only, each with its hash: building duckdb would take tens of minutes.
    system "python3.14", "-m", "pip", "--python=#{libexec}/bin/python", "install", "--no-deps",
           "--only-binary=:all:", "--require-hashes", "--requirement=.requirements.txt"
    venv.site_packages.install "session_lattice"
    (bin/"session-lattice").write <<~SH
      #!/bin/sh
      exec "#{opt_libexec}/bin/python" -P -m session_lattice "$@"
    SH
  end

  service do
    run [opt_bin/"session-lattice", "serve-reads"]
    keep_alive true
    restart_delay 5
    stop_timeout 20
    environment_variables PATH: std_service_path_env
    log_path var/"log/session-lattice.log"
    error_log_path var/"log/session-lattice.log"
  end

  test do
    ENV["SESSION_LATTICE_HOME"] = (testpath/"home").to_s
    system bin/"session-lattice", "serve-puller", "--sample", "--once"
    assert_match "session_overview", shell_output("#{bin}/session-lattice --home #{testpath}/home-sample views")
  end
end
