# frozen_string_literal: true

# Evaluates a formula under plain Ruby and prints what it says as JSON.
#
# Stands in for the part of brew's language that our formulae use, and knows no other word: a
# misspelt one raises NoMethodError. The install and test blocks run, with commands recorded.

require "json"
require "pathname"

PREFIX = Pathname("/brew")

# Directories that brew names in a formula, its service and its test.
module Directories
  def prefix = PREFIX/"Cellar"/formula_name
  def bin = prefix/"bin"
  def libexec = prefix/"libexec"
  def doc = Recording.new(prefix/"share/doc", Formula.record)
  def opt_bin = PREFIX/"opt"/formula_name/"bin"
  def opt_libexec = PREFIX/"opt"/formula_name/"libexec"
  def var = PREFIX/"var"
  def formula_opt_bin(name) = PREFIX/"opt"/name/"bin"
end

# A directory that remembers what is installed into it.
class Recording
  def initialize(path, record)
    @path = path
    @record = record
  end

  def install(name) = @record["installed"] << [name, @path.to_s]
end

# Writing below the prefix is remembered, not done.
class Pathname
  remove_method :write
  def write(text) = Formula.record["written"][to_s] = text
end

# The virtual environment that Language::Python::Virtualenv makes.
class Environment
  def initialize(root, python)
    @site_packages = root/"lib"/python/"site-packages"
  end

  def site_packages = Recording.new(@site_packages, Formula.record)
end

module Language
  module Python
    # What `include Language::Python::Virtualenv` brings.
    module Virtualenv
      def virtualenv_create(root, python, system_site_packages: true)
        Formula.record["virtualenv"] = [root.to_s, python, system_site_packages]
        Environment.new(root, python)
      end
    end
  end
end

# The words of a service block; a word said twice keeps the last, as with brew.
class Service
  include Directories

  WORDS = %w[keep_alive restart_delay stop_timeout log_path error_log_path working_dir].freeze

  attr_reader :said, :formula_name

  def initialize(formula_name, &)
    @formula_name = formula_name
    @said = {}
    instance_eval(&)
  end

  WORDS.each { |word| define_method(word) { |value| said[word] = plain(value) } }

  def run(command) = said["run"] = command.map(&:to_s)
  def environment_variables(variables) = said["environment_variables"] = variables
  def std_service_path_env = "#{PREFIX}/bin:/usr/bin:/bin"

  private

  def plain(value) = value.is_a?(Pathname) ? value.to_s : value
end

# The base class of every formula.
class Formula
  include Directories

  WORDS = %w[desc homepage license version].freeze

  class << self
    def record
      @@record ||= { "depends_on" => [], "installed" => [], "written" => {}, "commands" => [],
                     "environment" => {}, "services" => 0 }
    end

    WORDS.each { |word| define_method(word) { |value| Formula.record[word] = value } }

    def head(url, branch:) = record["head"] = [url, branch]
    def url(url) = record["url"] = url
    def sha256(sum) = record["sha256"] = sum
    def depends_on(name) = record["depends_on"] << name
    def preserve_rpath = record["preserve_rpath"] = true

    def service(&block)
      record["services"] += 1
      @@service = block
    end

    def test(&block) = @@test = block
    def inherited(formula) = (@@formula = formula)

    def evaluate(path)
      load path
      formula = @@formula.new(File.basename(path, ".rb"))
      record["class"] = @@formula.name
      record["service"] = Service.new(formula.formula_name, &@@service).said
      formula.install
      record["install_commands"] = record["commands"]
      record["commands"] = []
      formula.instance_eval(&@@test)
      record["test_commands"] = record.delete("commands")
      record["environment"] = ENV.to_h.slice(*ENV.keys.grep(/\ASESSION_LATTICE_/))
      record
    end
  end

  attr_reader :formula_name

  def initialize(formula_name)
    @formula_name = formula_name
  end

  def testpath = Pathname("/testpath")
  def system(*words) = Formula.record["commands"] << words.map(&:to_s)

  def shell_output(line)
    Formula.record["commands"] << line.split
    ""
  end

  def assert_match(_wanted, _text) = nil
  def assert_path_exists(_path) = nil
end

puts JSON.generate(Formula.evaluate(File.expand_path(ARGV.fetch(0))))
